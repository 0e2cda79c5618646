import type { Position } from "./algorithms/weighing.ts";
import type { ConcurrencyPolicy } from "./policies/concurrency.ts";
import type { Policy } from "./policies/policy.ts";
import type { Decision, MaybePromise } from "./types.ts";

/** A charge with every default filled in. */
export interface ResolvedCharge<P extends Policy = Policy> {
  readonly policy: P;
  readonly key: string;
  readonly partition: string;
  readonly cost: number;
  /** Empty for policies without leases. */
  readonly lease: string;
  /** True where the caller has named the lease, and so may hold it already. */
  readonly named: boolean;
}

/** A charge of a concurrency policy: its id, its slots. */
export type Lease = ResolvedCharge<ConcurrencyPolicy>;

/** `charge` charges; `reserve` charges and tells where, for a later refund; `peek` writes nothing. */
export type DecideMode = "charge" | "reserve" | "peek";

/** A decision, and where its charges lie. */
export interface Outcome {
  readonly decision: Decision;
  /** One for each charge; empty unless it was a reservation that was admitted. */
  readonly positions: readonly Position[];
}

/** A later correction of a charge: more is charged now, less is refunded where it was charged. */
export interface Adjustment {
  readonly charge: ResolvedCharge;
  /** What is charged in addition; negative for a refund. */
  readonly delta: number;
  readonly position: Position;
}

/**
 * Where counters live. A store decides, and does nothing else: deadlines, breakers and what to do
 * without it belong to others.
 */
export interface Store {
  /** True where only charges of one partition can be decided in one step. */
  readonly partitioned: boolean;
  /** How long a decision may take in all; absent where a decision takes no time. */
  readonly deadlineMs?: number;
  /** @param deadlineAt - on `performance.now()`'s clock: rejects rather than answer later */
  decide(
    charges: readonly ResolvedCharge[],
    mode: DecideMode,
    deadlineAt?: number,
  ): MaybePromise<Outcome>;
  /** All of one partition where the store is partitioned. */
  adjust(adjustments: readonly Adjustment[]): MaybePromise<void>;
  /**
   * Prolongs leases, and takes them again where they have gone. Gives those whose place was taken in the
   * meantime: with them there are more than the limit.
   */
  renew(leases: readonly Lease[]): MaybePromise<readonly Lease[]>;
  release(leases: readonly Lease[]): MaybePromise<void>;
  /** Makes counters as good as new; leases are none. All of one partition where the store is partitioned. */
  forget(charges: readonly ResolvedCharge[]): MaybePromise<void>;
}
