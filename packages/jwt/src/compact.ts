import { type Algorithm, isAlgorithm } from "./algorithms.ts";
import { invalid } from "./errors.ts";

/** A token taken apart. Nothing of it is to be believed yet. */
export interface UnverifiedToken {
  readonly algorithm: Algorithm;
  readonly kid: string | undefined;
  readonly typ: string | undefined;
  readonly claims: Readonly<Record<string, unknown>>;
}

const SEGMENT = /^[A-Za-z0-9_-]+$/;
const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Tells whether a text could be a JWT at all: three parts. */
export function isCompact(token: string): boolean {
  return /^[^.]*\.[^.]*\.[^.]*$/.test(token);
}

/**
 * Takes a token apart, and refuses every spelling but the one that RFC 7515 gives it: no padding, no white
 * space, no other bits at the end. Two spellings of one token would be two tokens to whoever keeps a list.
 *
 * @throws `JWT_INVALID`
 */
export function parseCompact(token: string): UnverifiedToken {
  const [first = "", second = "", third = "", ...others] = token.split(".");
  if (others.length > 0) throw invalid("it has more than three parts");
  const header = parseObject(decode(first, "header"), "header");
  const claims = parseObject(decode(second, "payload"), "payload");
  decode(third, "signature");

  const { alg, kid, typ } = header;
  if (!isAlgorithm(alg)) throw invalid("its algorithm is not known");
  // We understand no extension. RFC 7797 changes what is signed, and must be critical where it is used.
  if ("crit" in header || "b64" in header) throw invalid("it has a critical extension");
  if (kid !== undefined && (typeof kid !== "string" || kid.length > 1024)) {
    throw invalid("its kid is no string");
  }
  if (typ !== undefined && typeof typ !== "string") throw invalid("its typ is no string");
  return { algorithm: alg, kid, typ, claims };
}

function decode(segment: string, what: string): Buffer {
  const bytes = SEGMENT.test(segment) ? Buffer.from(segment, "base64url") : undefined;
  if (bytes === undefined || bytes.toString("base64url") !== segment) {
    throw invalid(`its ${what} is no base64url`);
  }
  return bytes;
}

function parseObject(bytes: Buffer, what: string): Readonly<Record<string, unknown>> {
  let value: unknown;
  try {
    // A key of this name is an ordinary one to JSON, and a prototype to whoever copies the object.
    value = JSON.parse(utf8.decode(bytes), (key, inner) =>
      key === "__proto__" ? undefined : inner,
    );
  } catch {
    throw invalid(`its ${what} is no JSON`);
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw invalid(`its ${what} is no object`);
  }
  return value as Record<string, unknown>;
}
