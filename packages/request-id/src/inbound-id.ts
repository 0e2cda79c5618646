/**
 * The characters that an id is made of unless the application says otherwise: what UUIDs, ULIDs, nano ids,
 * AWS trace ids without their separators and URL-safe base64 need. No `/`, so that an id is one path segment.
 */
export const DEFAULT_PATTERN: RegExp = /[A-Za-z0-9._~:@=+-]+/;

export const DEFAULT_MAX_LENGTH = 128;

/**
 * What no pattern can widen: visible ASCII (RFC 9110, section 5.5, without obs-text), so no control byte,
 * no C1 byte, no space; and no comma, which is how Node joins the values of a duplicated header.
 */
const SAFE = /^[!-+\--~]+$/;

/** Tells whether a value can serve as a request id. */
export type IdCheck = (id: unknown) => id is string;

/** Builds the check for ids of a pattern, which must match in full, and of a length. */
export function createIdCheck(
  pattern: RegExp = DEFAULT_PATTERN,
  maxLength: number = DEFAULT_MAX_LENGTH,
): IdCheck {
  const whole = new RegExp(`^(?:${pattern.source})$`, pattern.flags);
  return (id): id is string =>
    // The length comes first: it bounds what the pattern can cost.
    typeof id === "string" && id.length <= maxLength && SAFE.test(id) && whole.test(id);
}
