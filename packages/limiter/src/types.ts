import type { Policy } from "./policies/policy.ts";

/** One thing that a request costs: so much, under a policy, on a key. */
export interface Charge {
  readonly policy: Policy;
  /** Whose counter it is: a user, an organisation, an address. Hash it first where it is a secret. */
  readonly key: string;
  /**
   * Charges of one partition are decided in one atomic step, and live on one node of a cluster.
   * @defaultValue the key itself
   */
  readonly partition?: string;
  /** Whole units of the policy. Concurrency counts slots. @defaultValue 1 */
  readonly cost?: number;
  /**
   * The lease of a concurrency policy: the same id again renews instead of taking another slot.
   * @defaultValue a random id; only {@link Limiter.reserve} hands it out
   */
  readonly lease?: string;
}

/**
 * Who has answered for one policy: its store, or, where the store could not, the local twin
 * (`local`), nobody (`open`: admitted uncounted; `closed`: refused), or the memory of a refusal a
 * moment ago (`cache`).
 */
export type VerdictSource = "store" | "local" | "open" | "closed" | "cache";

/** What one policy says. */
export interface Verdict {
  /** The policy's name. */
  readonly policy: string;
  readonly key: string;
  /** What this policy alone says; nothing is charged unless all of a decision agree. */
  readonly admitted: boolean;
  /** The most that fits at once: the burst of a gcra, the limit of the others. */
  readonly limit: number;
  /** What is left for others after this decision. */
  readonly remaining: number;
  /** Until everything is available again if nothing more is charged. */
  readonly resetMs: number;
  /**
   * 0 where admitted. Else the fewest whole milliseconds after which the same charge is admitted if
   * nothing else is charged; `Infinity` where it can never be. For concurrency: until enough leases
   * would expire; a holder may release earlier, or renew.
   */
  readonly retryAfterMs: number;
  readonly source: VerdictSource;
}

/** The answer to one request: all of its charges are made, or none. */
export interface Decision {
  readonly admitted: boolean;
  /** The longest of the refusing verdicts' `retryAfterMs`; 0 where admitted. */
  readonly retryAfterMs: number;
  /**
   * One for each charge, in their order. After a refusal only of those that were asked: partitions
   * after the refusing one are not, and the deny cache knows of the refusing charge alone.
   */
  readonly verdicts: readonly Verdict[];
  /** The store's own clock at the decision: milliseconds since the epoch, exact to the microsecond. */
  readonly atMs: number;
  /** True where the store could not answer and the policies' `onStoreError` did. */
  readonly degraded: boolean;
}

/** A value that memory gives at once and a network later; `await` takes both. */
export type MaybePromise<T> = T | Promise<T>;
