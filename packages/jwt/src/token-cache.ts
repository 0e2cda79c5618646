import { hash } from "node:crypto";
import { BoundedCache, type Principal } from "@enfilade/auth";
import type { KeySource } from "./key-source.ts";
import type { ResolvedOptions } from "./options.ts";

/** What was verified, and may be believed again. */
export interface TokenCache {
  get(token: string): Principal | undefined;
  set(token: string, principal: Principal): void;
}

interface Entry {
  readonly principal: Principal;
  readonly since: number;
  readonly until: number;
  readonly epoch: number;
}

/**
 * Remembers verified tokens by the SHA-256 of the whole of them: another token, however alike, is another
 * entry, and a dump of the memory holds no token. An entry ends when the token does, when any key changes,
 * and when the keys are too old to be believed.
 */
export function createTokenCache(
  options: ResolvedOptions,
  keys: KeySource,
): TokenCache | undefined {
  const { cache, now, expectations } = options;
  if (cache === undefined) return undefined;
  const entries = new BoundedCache<Entry>(cache.maxEntries);
  const toleranceMs = expectations.clockToleranceSeconds * 1000;
  return {
    get(token) {
      const entry = entries.get(keyOf(token));
      if (entry === undefined || entry.epoch !== keys.epoch || !keys.isUsable()) return undefined;
      const time = now();
      // A clock that was set back may have come to before the token was valid.
      return entry.since <= time && time < entry.until ? entry.principal : undefined;
    },
    set(token, principal) {
      const since = now();
      const { expiresAt = Number.POSITIVE_INFINITY, claims } = principal;
      const age = expectations.maxAgeSeconds;
      const tooOld =
        age === undefined
          ? Number.POSITIVE_INFINITY
          : (Number(claims.iat) + age) * 1000 + toleranceMs;
      const until = Math.min(since + cache.ttlMs, expiresAt + toleranceMs, tooOld);
      entries.set(keyOf(token), { principal, since, until, epoch: keys.epoch });
    },
  };
}

function keyOf(token: string): string {
  return hash("sha256", token, "base64");
}
