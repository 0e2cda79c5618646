import { timingSafeEqual } from "node:crypto";
import { type RefuseRecord, readRecord, type StoredKey } from "./record.ts";

/** Keys by their hash. */
export type KeySet = ReadonlyMap<string, StoredKey>;

/**
 * Checks a list of records.
 *
 * @throws what `refuse` throws, with the place of the record in the list.
 */
export function createKeySet(
  records: unknown,
  refuse: (where: string, fix: string) => never,
): KeySet {
  if (!Array.isArray(records)) return refuse("", "Give an array of records.");
  const set = new Map<string, StoredKey>();
  for (const [index, record] of records.entries()) {
    const refuseRecord: RefuseRecord = (field, fix) =>
      refuse(`[${index}]${field === "" ? "" : `.${field}`}`, fix);
    const stored = readRecord(record, refuseRecord);
    const hash = stored.hash.toString("hex");
    if (set.has(hash)) refuseRecord("hash", "Two records have the same; take one away.");
    set.set(hash, stored);
  }
  return set;
}

/**
 * Reads the text of a file of keys: `{ "keys": [ … ] }`.
 *
 * @throws what `refuse` throws.
 */
export function parseKeyFile(text: string, refuse: (where: string, fix: string) => never): KeySet {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    return refuse("", "It is no valid JSON.");
  }
  const records = (parsed as { keys?: unknown } | null)?.keys;
  return createKeySet(records, (where, fix) => refuse(`.keys${where}`, fix));
}

/**
 * Finds a key by its hash. How long it takes depends on the hash, of which whoever guesses keys controls no
 * bit; the comparison that decides takes the same time for every hash.
 */
export function findKey(set: KeySet, hash: string): StoredKey | undefined {
  const stored = set.get(hash);
  return stored !== undefined && timingSafeEqual(stored.hash, Buffer.from(hash, "hex"))
    ? stored
    : undefined;
}
