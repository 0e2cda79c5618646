/** A token of HTTP (RFC 9110, section 5.6.2), as names of header fields and methods are: a pattern for option readers. */
export const TOKEN: RegExp = /[A-Za-z0-9!#$%&'*+.^_`|~-]+/;

const WHOLE = new RegExp(`^${TOKEN.source}$`);

/** Tells whether a value is a token of HTTP: as a name in a header it says nothing but itself. */
export function isToken(value: unknown): value is string {
  return typeof value === "string" && WHOLE.test(value);
}
