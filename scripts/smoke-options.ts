/**
 * What a package must be given to be registered at all, for the smoke test of the tarballs. Packages
 * that register without options, or that are no plugins, are not listed.
 */
export const smokeOptions: Readonly<Record<string, unknown>> = {
  "@enfilade/api-key": { keys: [] },
  "@enfilade/jwt": { keys: [{ secret: "only for this test, and 32 bytes long" }] },
  "@enfilade/quota": { policies: { runs: { counts: "runs", limit: 4 } } },
  "@enfilade/trusted-host": { hosts: ["localhost"] },
};
