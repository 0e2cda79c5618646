import type { Verdict } from "@enfilade/limiter";

/** Says to a caller what nothing is left of, as far as it may be told. */
export function nothingLeft(
  verdicts: readonly Verdict[],
  isTold: (policy: string) => boolean,
): string {
  const names = refusing(verdicts, isTold);
  return names === "" ? "The quota is used up." : `The quota is used up: ${names}.`;
}

/** Says to a caller that it asks for too much at once. */
export function tooMuch(verdicts: readonly Verdict[], isTold: (policy: string) => boolean): string {
  const names = refusing(
    verdicts.filter(({ retryAfterMs }) => retryAfterMs === Number.POSITIVE_INFINITY),
    isTold,
  );
  const which = names === "" ? "" : ` (${names})`;
  return `This asks for more than the quota ever allows at once${which}.`;
}

function refusing(verdicts: readonly Verdict[], isTold: (policy: string) => boolean): string {
  const refused = verdicts.filter(({ admitted, policy }) => !admitted && isTold(policy));
  return refused.map(({ policy }) => policy).join(", ");
}
