/*
 * The header field `traceparent` of W3C Trace Context, section 3.2: version 00, and the part of later
 * versions that the standard promises to keep.
 */

/** What a caller says of its trace. */
export interface Traceparent {
  /** 32 lower-case hexadecimal digits, not all zero. */
  readonly traceId: string;
  /** The caller's span: 16 lower-case hexadecimal digits, not all zero. */
  readonly parentId: string;
  /** The caller may have recorded the trace. */
  readonly sampled: boolean;
  /** At least the right-most 7 bytes of the trace id are random (Trace Context, Level 2). */
  readonly random: boolean;
}

const TRACEPARENT = /^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}(?:-[ -+\--~]*)?$/;
/** How long version 00 is, to the character. */
const LENGTH = 55;
const ZERO_TRACE = "0".repeat(32);
const ZERO_SPAN = "0".repeat(16);
const SAMPLED = 1;
const RANDOM = 2;

/**
 * Reads a `traceparent` header strictly: what is not exactly right is none, and the trace is restarted.
 *
 * @returns `undefined` when the header is missing, was sent twice, or is not valid
 */
export function parseTraceparent(header: unknown): Traceparent | undefined {
  if (typeof header !== "string") return undefined;
  if (!TRACEPARENT.test(header)) return undefined;
  if (header.startsWith("ff") || (header.startsWith("00") && header.length > LENGTH))
    return undefined;
  const traceId = header.slice(3, 35);
  const parentId = header.slice(36, 52);
  if (traceId === ZERO_TRACE || parentId === ZERO_SPAN) return undefined;
  const bits = Number.parseInt(header.slice(53, 55), 16);
  return {
    traceId,
    parentId,
    sampled: (bits & SAMPLED) === SAMPLED,
    random: (bits & RANDOM) === RANDOM,
  };
}

/** Writes a `traceparent` header of version 00, the highest that this package knows. */
export function formatTraceparent({ traceId, parentId, sampled, random }: Traceparent): string {
  const flags = (sampled ? SAMPLED : 0) | (random ? RANDOM : 0);
  return `00-${traceId}-${parentId}-0${flags}`;
}
