import type { Policy } from "./policies/policy.ts";
import type { ResolvedCharge } from "./store.ts";
import type { Decision, Verdict } from "./types.ts";

/** A refusal is remembered no longer than this: others may refund, or release, in the meantime. */
const LONGEST_LEASE_MS = 100;
const MAX_ENTRIES = 10_000;

interface Refusal {
  readonly policy: Policy;
  readonly verdict: Verdict;
  readonly cost: number;
  readonly atMs: number;
  /** On the monotonic clock, like `until`. */
  readonly refusedAt: number;
  readonly until: number;
}

/**
 * Remembers refusals for a moment, so that a caller who keeps asking does not reach the store: the
 * same key is refused the same cost, or more, until the refusal says that it may come again. Callers
 * whose plans give them other limits on one counter are refused each by their own.
 */
export class DenyCache {
  readonly #longestMs: number;
  readonly #refusals = new Map<string, Refusal>();

  constructor(longestMs: number) {
    this.#longestMs = longestMs;
  }

  get size(): number {
    return this.#refusals.size;
  }

  /** Finds a refusal that still holds for one of the charges. */
  find(charges: readonly ResolvedCharge[]): Decision | undefined {
    if (this.#refusals.size === 0) return undefined;
    const now = performance.now();
    for (const charge of charges) {
      // Whoever names a lease may hold it: only the store can tell a renewal from a newcomer.
      if (charge.named) continue;
      const name = nameOf(charge);
      const refusal = this.#refusals.get(name);
      if (refusal === undefined) continue;
      if (refusal.until <= now) this.#refusals.delete(name);
      else if (charge.cost >= refusal.cost && isAlike(charge.policy, refusal.policy)) {
        return repeat(refusal, now);
      }
    }
    return undefined;
  }

  /** Remembers what a store has refused. */
  remember(charges: readonly ResolvedCharge[], { verdicts, atMs }: Decision): void {
    if (this.#longestMs === 0) return;
    const now = performance.now();
    for (const [index, verdict] of verdicts.entries()) {
      const charge = charges[index];
      if (charge === undefined || verdict.admitted || verdict.source !== "store") continue;
      const longest =
        charge.policy.kind === "concurrency"
          ? Math.min(LONGEST_LEASE_MS, this.#longestMs)
          : this.#longestMs;
      const until = now + Math.min(verdict.retryAfterMs, longest);
      const name = nameOf(charge);
      // Deleted first: a Map keeps the order of insertion, and the oldest entry goes first.
      this.#refusals.delete(name);
      const { policy, cost } = charge;
      this.#refusals.set(name, { policy, verdict, cost, atMs, refusedAt: now, until });
    }
    while (this.#refusals.size > MAX_ENTRIES) {
      const [oldest] = this.#refusals.keys();
      if (oldest === undefined) break;
      this.#refusals.delete(oldest);
    }
  }

  /** Forgets the refusals of a counter to which something has come back. */
  forget(charges: readonly ResolvedCharge[]): void {
    for (const charge of charges) this.#refusals.delete(nameOf(charge));
  }
}

function repeat({ verdict, atMs, refusedAt }: Refusal, now: number): Decision {
  const passed = now - refusedAt;
  const retryAfterMs = Math.ceil(verdict.retryAfterMs - passed);
  const resetMs = Math.max(0, Math.ceil(verdict.resetMs - passed));
  return {
    admitted: false,
    retryAfterMs,
    verdicts: [{ ...verdict, retryAfterMs, resetMs, source: "cache" }],
    atMs: atMs + passed,
    degraded: false,
  };
}

/** Tells whether two policies of one counter give as much in the same time. */
function isAlike(one: Policy, other: Policy): boolean {
  if (one.limit !== other.limit || one.capacity !== other.capacity) return false;
  return one.kind !== "gcra" || other.kind !== "gcra" || one.periodMs === other.periodMs;
}

function nameOf({ policy, partition, key }: ResolvedCharge): string {
  return `${policy.id}\0${partition.length}\0${partition}${key}`;
}
