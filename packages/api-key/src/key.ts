import { createHash, randomBytes } from "node:crypto";
import { crc32 } from "node:zlib";

/** A new key, and what is kept of it. */
export interface NewKey {
  /** The key itself: shown once, kept by nobody. */
  readonly key: string;
  /** Its SHA-256, in hexadecimal: what is stored. */
  readonly hash: string;
}

const ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const SECRET_LENGTH = 43;
const CHECKSUM_LENGTH = 6;
const BODY = new RegExp(`^[0-9A-Za-z]{${SECRET_LENGTH + CHECKSUM_LENGTH}}$`);
const PREFIX = /^[a-z][a-z0-9]{1,15}$/;

/**
 * Makes a key of 256 random bits: `enf_`, 43 characters, and 6 more that are a checksum. The prefix lets
 * scanners find a key that leaked; the checksum tells a misspelt one from one that was never there, without
 * a lookup.
 *
 * @throws `TypeError` when the prefix is not 2 to 16 lower-case letters and digits.
 * @example
 * ```ts
 * const { key, hash } = generateKey();
 * ```
 */
export function generateKey(prefix = "enf"): NewKey {
  if (!isPrefix(prefix)) {
    throw new TypeError("A prefix is 2 to 16 lower-case letters and digits, a letter first.");
  }
  const secret = `${prefix}_${base62(BigInt(`0x${randomBytes(32).toString("hex")}`), SECRET_LENGTH)}`;
  const key = secret + checksumOf(secret);
  return { key, hash: hashKey(key) };
}

/**
 * Gives the SHA-256 of a key in hexadecimal. A plain hash is right for keys of 256 random bits, which nobody
 * can guess: what makes password hashes slow and salted protects secrets that can be, and would let anybody
 * keep the server busy.
 */
export function hashKey(key: string): string {
  return createHash("sha256").update(key).digest("hex");
}

/** Tells whether a text is a key as `generateKey` makes them, checksum included. */
export function isKey(text: string, prefix = "enf"): boolean {
  if (!hasPrefix(text, prefix)) return false;
  const secret = text.slice(0, -CHECKSUM_LENGTH);
  return (
    BODY.test(text.slice(prefix.length + 1)) && checksumOf(secret) === text.slice(-CHECKSUM_LENGTH)
  );
}

/** Tells whether a text claims to be a key of ours. */
export function hasPrefix(text: string, prefix: string): boolean {
  return text.startsWith(`${prefix}_`);
}

/** Tells whether a text can be a prefix. */
export function isPrefix(text: unknown): text is string {
  return typeof text === "string" && PREFIX.test(text);
}

function checksumOf(secret: string): string {
  return base62(BigInt(crc32(secret)), CHECKSUM_LENGTH);
}

function base62(value: bigint, length: number): string {
  let rest = value;
  let text = "";
  for (let index = 0; index < length; index++) {
    text = ALPHABET[Number(rest % 62n)] + text;
    rest /= 62n;
  }
  return text;
}
