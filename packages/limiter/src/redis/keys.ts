import { createHash } from "node:crypto";
import type { ResolvedCharge } from "../store.ts";

/** Longer ones are replaced by a hash: keys are attacker-chosen as a rule, and memory is not free. */
const LONGEST = 200;
/** Half a character has no bytes: all of them would be one and the same key. */
const LONE_SURROGATE = /\p{Surrogate}/u;

/**
 * The Redis key of a charge: prefix, partition as hash tag, kind and name of the policy, and the key
 * where it is not the partition itself. Charges of one partition share the tag and with it the slot.
 */
export function keyOf(prefix: string, { policy, key, partition }: ResolvedCharge): string {
  const tagged = `${prefix}{${part(partition)}}:${policy.id}`;
  return key === partition ? tagged : `${tagged}:${part(key)}`;
}

/** Neither ends a hash tag nor looks like a hash, and is never another part's spelling. */
function part(text: string): string {
  if (text.length > LONGEST || LONE_SURROGATE.test(text)) {
    const bytes = Buffer.from(text, "utf16le");
    return `#${createHash("sha256").update(bytes).digest("base64url")}`;
  }
  return /[%{}#]/.test(text) ? text.replaceAll(/[%{}#]/g, encodeURIComponent) : text;
}
