/** An origin whose host begins with `*.`, taken apart. */
export interface Wildcard {
  readonly scheme: string;
  /** From the dot behind the star on, with the port. */
  readonly rest: string;
}

// Two labels behind the star at least: `https://*.com` is everybody.
const WILDCARD =
  /^([a-z][a-z0-9+.-]*:\/\/)\*(\.(?:localhost|[a-z0-9_-]+(?:\.[a-z0-9_-]+)+)(?::[1-9][0-9]{0,4})?)$/;

/** Reads an origin such as `https://*.example.com`; gives `undefined` for anything else. */
export function readWildcard(text: string): Wildcard | undefined {
  const [, scheme, rest] = WILDCARD.exec(text) ?? [];
  return scheme === undefined || rest === undefined ? undefined : { scheme, rest };
}

/** Tells whether an origin, known to be one, is a subdomain of any depth; the domain itself is none. */
export function matchesWildcard({ scheme, rest }: Wildcard, origin: string): boolean {
  return (
    origin.length > scheme.length + rest.length &&
    origin.startsWith(scheme) &&
    origin.endsWith(rest)
  );
}
