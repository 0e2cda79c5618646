import { type OptionReader, optionReader } from "@enfilade/layer";
import { API_KEY_INVALID_OPTION } from "./errors.ts";
import { hashKey, isKey, isPrefix } from "./key.ts";
import { createKeySet, type KeySet } from "./key-set.ts";
import type { KeyLookup, LookupCacheOptions } from "./lookup.ts";
import type { KeyRecord } from "./record.ts";

/** Where a key may come from. */
export type KeySource = "header" | "bearer" | "query";

/** A key in an option: its record, or the key itself, which is hashed at once. */
export type GivenKey = KeyRecord | (Omit<KeyRecord, "hash"> & { readonly key: string });

/** One use of a key. */
export interface KeyUse {
  readonly id: string;
  readonly hash: string;
  /** Milliseconds since the epoch. */
  readonly at: number;
}

export interface ApiKeyOptions {
  /** Keys that are known at the start. */
  readonly keys?: readonly GivenKey[];
  /** A file of keys, `{ "keys": [ … ] }`, read again when it changes. */
  readonly file?: string;
  /** How often the file is looked at. @defaultValue 2_000 */
  readonly fileIntervalMs?: number;
  /** Finds all other keys, by their hash. */
  readonly lookup?: KeyLookup;
  /** How long a lookup may take before the answer is 503. @defaultValue 3_000 */
  readonly lookupTimeoutMs?: number;
  /** What is remembered of lookups. */
  readonly cache?: LookupCacheOptions;
  /** Where keys may come from; the first that has one decides. @defaultValue `["header", "bearer"]` */
  readonly sources?: readonly KeySource[];
  /** @defaultValue `"x-api-key"` */
  readonly header?: string;
  /** The parameter of the query, for `sources: ["query"]`. @defaultValue `"api_key"` */
  readonly query?: string;
  /** What keys begin with, before an underscore. @defaultValue `"enf"` */
  readonly keyPrefix?: string;
  /**
   * `"own"`: only keys as `generateKey` makes them; a misspelt or invented one never reaches the lookup.
   * `"any"`: keys of any form. They must be random all the same, 128 bits or more.
   * @defaultValue `"own"`
   */
  readonly format?: "own" | "any";
  /** Keys that are longer are refused unread. @defaultValue 256 */
  readonly maxLength?: number;
  /** Hears that a key was used, for its record of last use; what it throws is logged. */
  readonly onUse?: (use: KeyUse) => void | Promise<void>;
  /** How long `onUse` hears nothing more of a key. @defaultValue 60_000 */
  readonly useIntervalMs?: number;
  /** The time, in milliseconds since the epoch; for tests. @defaultValue `Date.now` */
  readonly now?: () => number;
}

/** The options, checked. */
export interface ResolvedOptions {
  readonly keys: KeySet;
  readonly file: string | undefined;
  readonly fileIntervalMs: number;
  readonly lookup: KeyLookup | undefined;
  readonly lookupTimeoutMs: number;
  readonly cache: Required<LookupCacheOptions>;
  readonly sources: readonly KeySource[];
  readonly header: string;
  readonly query: string;
  readonly keyPrefix: string;
  readonly format: "own" | "any";
  readonly maxLength: number;
  readonly onUse: ((use: KeyUse) => void | Promise<void>) | undefined;
  readonly useIntervalMs: number;
  readonly now: () => number;
}

export const PACKAGE = "@enfilade/api-key";
const SOURCES: readonly KeySource[] = ["header", "bearer", "query"];
const KNOWN = [
  "keys",
  "file",
  "fileIntervalMs",
  "lookup",
  "lookupTimeoutMs",
  "cache",
  "sources",
  "header",
  "query",
  "keyPrefix",
  "format",
  "maxLength",
  "onUse",
  "useIntervalMs",
  "now",
];
const TIME = { min: 1, max: 86_400_000 };

/**
 * Checks the options.
 *
 * @throws `API_KEY_INVALID_OPTION`, which never shows a key.
 */
export function resolveOptions(options: ApiKeyOptions): ResolvedOptions {
  const read = optionReader(PACKAGE, API_KEY_INVALID_OPTION, options, KNOWN);
  const { keys, file, lookup, onUse, now = Date.now, keyPrefix = "enf" } = options;
  if (keys === undefined && file === undefined && lookup === undefined) {
    read.refuse("keys", "Give keys, a file or a lookup: without any nobody could call.");
  }
  if (lookup !== undefined && typeof lookup !== "function")
    read.refuse("lookup", "Give a function.");
  if (onUse !== undefined && typeof onUse !== "function") read.refuse("onUse", "Give a function.");
  if (typeof now !== "function") read.refuse("now", "Give a function.");
  if (!isPrefix(keyPrefix)) {
    read.refuse("keyPrefix", "Give 2 to 16 lower-case letters and digits, a letter first.");
  }
  const sources = read.strings("sources", ["header", "bearer"]);
  const format = read.oneOf("format", "own", ["own", "any"]);
  const odd = sources.findIndex((source) => !SOURCES.includes(source as KeySource));
  if (sources.length === 0 || odd !== -1) {
    read.refuse("sources", `Name one or several of ${SOURCES.join(", ")}.`, odd);
  }
  const name = { pattern: /[a-z0-9-]+/, fix: "Give the name of a header in lower case." };
  const header = read.string("header", "x-api-key", name);
  if (header === "authorization" || header === "cookie") {
    read.refuse("header", 'Give a header of its own; sources: ["bearer"] reads Authorization.');
  }
  return {
    keys: readKeys(keys === undefined ? [] : keys, format, keyPrefix),
    file: file === undefined ? undefined : read.string("file", ""),
    fileIntervalMs: read.integer("fileIntervalMs", 2_000, TIME),
    lookup,
    lookupTimeoutMs: read.integer("lookupTimeoutMs", 3_000, TIME),
    cache: readCache(read),
    sources: sources as readonly KeySource[],
    header,
    query: read.string("query", "api_key", { pattern: /[\w-]+/, fix: "Give letters and digits." }),
    keyPrefix,
    format,
    maxLength: read.integer("maxLength", 256, { min: 32, max: 4096 }),
    onUse,
    useIntervalMs: read.integer("useIntervalMs", 60_000, { min: 0, max: 86_400_000 }),
    now,
  };
}

function readCache(outer: OptionReader): Required<LookupCacheOptions> {
  const read = outer.inside("cache", ["maxEntries", "ttlMs", "unknownTtlMs"]);
  const time = { min: 0, max: 86_400_000 };
  return {
    maxEntries: read.integer("maxEntries", 10_000, { min: 2, max: 10_000_000 }),
    ttlMs: read.integer("ttlMs", 60_000, time),
    unknownTtlMs: read.integer("unknownTtlMs", 10_000, time),
  };
}

/** Hashes keys that were given as they are, so that nothing keeps them. */
function readKeys(given: readonly GivenKey[], format: "own" | "any", prefix: string): KeySet {
  const refuse = (where: string, fix: string): never => {
    throw new API_KEY_INVALID_OPTION(PACKAGE, `keys${where}`, "not valid", fix);
  };
  if (!Array.isArray(given)) return refuse("", "Give an array of records.");
  const records = given.map((one: GivenKey, index) => {
    if (typeof one !== "object" || one === null || !("key" in one)) return one;
    const { key, ...record } = one;
    const where = `[${index}].key`;
    if ("hash" in record) refuse(where, "Give either the key or its hash.");
    if (typeof key !== "string" || !/^[\x21-\x2b\x2d-\x7e]+$/.test(key)) {
      return refuse(where, "Give visible ASCII without spaces and commas.");
    }
    if (format === "own" && !isKey(key, prefix)) {
      refuse(
        where,
        'Make one with enfilade-api-key, or set format: "any" for keys of another form.',
      );
    }
    if (key.length < 20) refuse(where, "Give 20 random characters or more.");
    return { ...record, hash: hashKey(key) };
  });
  return createKeySet(records, refuse);
}
