import type { Principal } from "@enfilade/auth";

/** What is kept of a key. Several records may have one `id`: that is how a key is rotated. */
export interface KeyRecord {
  /** The SHA-256 of the key, in lower-case hexadecimal. */
  readonly hash: string;
  /** Who calls with it: the `id` of the principal. Not secret; it is logged. */
  readonly id: string;
  /** What it may do. @defaultValue nothing */
  readonly scopes?: readonly string[];
  /** The user on whose behalf it calls: `userId` of the principal. */
  readonly owner?: string;
  /** From when on it is refused: ISO 8601, or milliseconds since the epoch. @defaultValue never */
  readonly expiresAt?: string | number;
  /** What else is known of it: the `claims` of the principal. */
  readonly claims?: Readonly<Record<string, unknown>>;
}

/** A record, checked and ready. */
export interface StoredKey {
  readonly hash: Buffer;
  readonly expiresAt: number;
  readonly principal: Principal;
}

const FIELDS: ReadonlySet<string> = new Set([
  "hash",
  "id",
  "scopes",
  "owner",
  "expiresAt",
  "claims",
]);
const HASH = /^[0-9a-f]{64}$/;
const ISO = /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d))?$/;

/** Says what is wrong with a record: the field, and how to put it right. */
export type RefuseRecord = (field: string, fix: string) => never;

/** Checks a record, and makes the principal that every request with its key shares. */
export function readRecord(given: unknown, refuse: RefuseRecord): StoredKey {
  if (typeof given !== "object" || given === null || Array.isArray(given)) {
    return refuse("", "Give a record: { id, hash, scopes }.");
  }
  const record = given as Record<string, unknown>;
  const odd = Object.keys(record).find((field) => !FIELDS.has(field));
  if (odd !== undefined) refuse(odd, `It is unknown; use ${[...FIELDS].join(", ")}.`);
  const { hash, id, scopes = [], owner, claims = {} } = record;
  if (typeof hash !== "string" || !HASH.test(hash)) {
    return refuse("hash", "Give the SHA-256 of the key, 64 lower-case hexadecimal digits.");
  }
  if (typeof id !== "string" || id === "" || id.length > 128) {
    return refuse("id", "Give a string of 1 to 128 characters.");
  }
  if (!isScopes(scopes)) return refuse("scopes", "Give an array of strings without spaces.");
  if (owner !== undefined && (typeof owner !== "string" || owner === "")) {
    return refuse("owner", "Give a string that is not empty.");
  }
  if (typeof claims !== "object" || claims === null || Array.isArray(claims)) {
    return refuse("claims", "Give an object.");
  }
  const expiresAt = readExpiry(record.expiresAt, refuse);
  const principal: Principal = Object.freeze({
    kind: "api-key",
    id,
    scopes: Object.freeze([...scopes]),
    claims: deepFreeze(structuredClone(claims) as Record<string, unknown>),
    userId: owner,
    ...(expiresAt < Number.POSITIVE_INFINITY && { expiresAt }),
  });
  return { hash: Buffer.from(hash, "hex"), expiresAt, principal };
}

function isScopes(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((one) => typeof one === "string" && /^\S+$/.test(one));
}

function readExpiry(given: unknown, refuse: RefuseRecord): number {
  if (given === undefined || given === null) return Number.POSITIVE_INFINITY;
  const fix = "Give an ISO 8601 date with its time zone, or milliseconds since the epoch.";
  if (typeof given === "string" && !ISO.test(given)) return refuse("expiresAt", fix);
  const time = typeof given === "string" ? Date.parse(given) : given;
  return typeof time === "number" && Number.isFinite(time) ? time : refuse("expiresAt", fix);
}

/** One principal serves many requests: none of them may change what the next one sees. */
function deepFreeze<Value extends object>(value: Value): Value {
  for (const inner of Object.values(value)) {
    if (typeof inner === "object" && inner !== null) deepFreeze(inner);
  }
  return Object.freeze(value);
}
