import { BoundedCache } from "@enfilade/auth";
import { API_KEY_LOOKUP_TIMEOUT } from "./errors.ts";
import type { KeyRecord, StoredKey } from "./record.ts";

/** Finds the record of a key by its hash; `null` or `undefined` when there is none. */
export type KeyLookup = (
  hash: string,
  signal: AbortSignal,
) => KeyRecord | null | undefined | Promise<KeyRecord | null | undefined>;

export interface LookupCacheOptions {
  /** How many answers are kept, those of unknown keys included. @defaultValue 10_000 */
  readonly maxEntries?: number;
  /** How long an answer is kept: the time until a revoked key stops working. @defaultValue 60_000 */
  readonly ttlMs?: number;
  /** How long it is remembered that a key is unknown. @defaultValue 10_000 */
  readonly unknownTtlMs?: number;
}

/** What a cached lookup works with. */
export interface LookupSettings extends Required<LookupCacheOptions> {
  readonly timeoutMs: number;
  readonly now: () => number;
  /** Checks what the lookup gives. */
  read(record: unknown): StoredKey;
}

interface Answer {
  readonly stored: StoredKey | undefined;
  readonly until: number;
}

/**
 * Asks a lookup, once for all requests that want to know the same at the same time, and remembers the
 * answer for a while. Failures are not remembered.
 */
export function createCachedLookup(
  lookup: KeyLookup,
  settings: LookupSettings,
): (hash: string) => StoredKey | undefined | Promise<StoredKey | undefined> {
  const answers = new BoundedCache<Answer>(settings.maxEntries);
  const pending = new Map<string, Promise<StoredKey | undefined>>();

  async function ask(hash: string): Promise<StoredKey | undefined> {
    const record = await inTime(lookup, hash, settings.timeoutMs);
    // What the lookup found must be what it was asked for: a mistake in a query is nobody's identity.
    const stored = record ? settings.read(record) : undefined;
    const known = stored?.hash.toString("hex") === hash ? stored : undefined;
    const ttlMs = known === undefined ? settings.unknownTtlMs : settings.ttlMs;
    answers.set(hash, { stored: known, until: settings.now() + ttlMs });
    return known;
  }

  return (hash) => {
    const answer = answers.get(hash);
    if (answer !== undefined && settings.now() < answer.until) return answer.stored;
    const running = pending.get(hash);
    if (running !== undefined) return running;
    const asked = ask(hash).finally(() => pending.delete(hash));
    pending.set(hash, asked);
    return asked;
  };
}

async function inTime(
  lookup: KeyLookup,
  hash: string,
  timeoutMs: number,
): Promise<KeyRecord | null | undefined> {
  const controller = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => {
      const error = new API_KEY_LOOKUP_TIMEOUT(timeoutMs);
      // First of all nobody waits any more: a lookup that answers its signal must not be taken for an answer.
      reject(error);
      controller.abort(error);
    }, timeoutMs);
  });
  try {
    return await Promise.race([lookup(hash, controller.signal), late]);
  } finally {
    clearTimeout(timer);
  }
}
