import { invalid } from "./errors.ts";

type Claims = Readonly<Record<string, unknown>>;

// The largest time that a Date can hold, in seconds; 1e400 is Infinity to JSON.parse.
const LAST_SECOND = 8_640_000_000_000;

/**
 * Checks the kinds of the registered claims (RFC 7519, section 4.1), which the engine leaves open in part.
 *
 * @throws `JWT_INVALID`
 */
export function assertClaimTypes(claims: Claims): void {
  for (const name of ["exp", "nbf", "iat"]) {
    const value = claims[name];
    if (value === undefined) continue;
    const isTime = typeof value === "number" && value >= 0 && value <= LAST_SECOND;
    if (!isTime) throw invalid(`its ${name} is no time`);
  }
  for (const name of ["iss", "sub", "jti"]) {
    const value = claims[name];
    if (value !== undefined && typeof value !== "string") throw invalid(`its ${name} is no string`);
  }
  const { aud } = claims;
  const audiences = Array.isArray(aud) ? aud : [aud ?? ""];
  if (!audiences.every((one) => typeof one === "string")) throw invalid("its aud is no string");
}

/** Tells whether a `typ` is one that an access token may have, by what was asked for. */
export function isTypAllowed(typ: string | undefined, wanted: string | undefined): boolean {
  const short = typ?.toLowerCase().replace(/^application\//, "");
  if (wanted !== undefined) return short === wanted.toLowerCase().replace(/^application\//, "");
  // Without a wish: no token that says to be something else, such as a logout token (RFC 8725, section 3.11).
  return short === undefined || short === "jwt" || short === "at+jwt";
}

/** Freezes everything in a value: one principal serves all requests with the same token. */
export function deepFreeze<Value>(value: Value): Value {
  if (typeof value !== "object" || value === null) return value;
  for (const inner of Object.values(value)) deepFreeze(inner);
  return Object.freeze(value);
}
