import type { Algorithm } from "./algorithms.ts";
import { type RefuseKey, readJwk, type VerificationKey } from "./key.ts";

/** The keys of a set, and what was wrong with the others. */
export interface ReadKeys {
  readonly keys: readonly VerificationKey[];
  readonly skipped: readonly string[];
}

const MAX_KEYS = 64;

/**
 * Reads a JWK Set (RFC 7517, section 5). Keys for other purposes, and of kinds that we do not know, are
 * skipped, as the standard wants; secrets too, unless the set is our own file.
 *
 * @throws `Error` saying what is wrong with the set as a whole.
 */
export function readJwks(
  text: string,
  algorithms: readonly Algorithm[] | undefined,
  secrets: boolean,
): ReadKeys {
  const set = JSON.parse(text) as { keys?: unknown } | null;
  const list = set?.keys;
  if (!Array.isArray(list)) throw new Error("It is no JWK Set: { keys: [ … ] }.");
  if (list.length > MAX_KEYS) throw new Error(`It has more than ${MAX_KEYS} keys.`);
  const keys: VerificationKey[] = [];
  const skipped: string[] = [];
  for (const [index, jwk] of list.entries()) {
    try {
      if (!secrets && (jwk as { kty?: unknown } | null)?.kty === "oct") {
        throw new Error("A secret is no secret there.");
      }
      keys.push(readJwk(jwk, algorithms, refuse));
    } catch (error) {
      skipped.push(`keys[${index}]: ${(error as Error).message}`);
    }
  }
  if (keys.length === 0) throw new Error(["It has no usable key.", ...skipped].join(" "));
  return { keys, skipped };
}

const refuse: RefuseKey = (field, fix) => {
  throw new Error(`${field}: ${fix}`);
};
