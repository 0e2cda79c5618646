import type { Position } from "./algorithms/weighing.ts";
import type { DenyCache } from "./deny-cache.ts";
import type { Fallback } from "./fallback.ts";
import type { Heartbeat } from "./heartbeat.ts";
import type { OnStoreError } from "./policies/policy.ts";
import type { Correction, ReplayQueue } from "./replay-queue.ts";
import type { Adjustment, Lease, ResolvedCharge, Store } from "./store.ts";
import type { MaybePromise } from "./types.ts";

/** A charge that was made, where, and by whom. */
export interface Held {
  readonly charge: ResolvedCharge;
  readonly position: Position;
  readonly source: "store" | OnStoreError;
}

export function isLease(charge: ResolvedCharge): charge is Lease {
  return charge.policy.kind === "concurrency";
}

/** Corrects charges after the fact, where they were made: in the store, in the local twin, or nowhere. */
export class Settler {
  readonly #store: Store;
  readonly #fallback: Fallback;
  readonly #queue: ReplayQueue;
  readonly #heartbeat: Heartbeat;
  readonly #denied: DenyCache;

  constructor(parts: {
    store: Store;
    fallback: Fallback;
    queue: ReplayQueue;
    heartbeat: Heartbeat;
    denied: DenyCache;
  }) {
    this.#store = parts.store;
    this.#fallback = parts.fallback;
    this.#queue = parts.queue;
    this.#heartbeat = parts.heartbeat;
    this.#denied = parts.denied;
  }

  /** Keeps leases alive from now on. */
  keep(held: readonly Held[], onLost: (lease: Lease) => void): void {
    for (const { charge } of held) {
      // What is above the limit by itself was let in uncounted, and would take every place for as long as it runs.
      if (!isLease(charge) || charge.cost === 0 || charge.cost > charge.policy.limit) continue;
      this.#heartbeat.add(charge, onLost);
      // The twin knows what runs here, should it have to decide.
      if (this.#store.partitioned) this.#fallback.twin.renew([charge]);
    }
  }

  /** Brings charges to what they have really cost; `costOf` gives `undefined` to leave one as it is. */
  settle(
    held: readonly Held[],
    costOf: (charge: ResolvedCharge) => number | undefined,
  ): Promise<unknown> | undefined {
    const corrections: Correction[] = [];
    const atOnce: Adjustment[] = [];
    for (const { charge, position, source } of held) {
      const cost = costOf(charge);
      if (cost === undefined || isLease(charge)) continue;
      const adjustment = { charge, delta: cost - charge.cost, position };
      if (source === "store") {
        if (adjustment.delta === 0) continue;
        if (this.#store.partitioned) corrections.push(toCorrection(adjustment));
        else atOnce.push(adjustment);
      } else {
        if (source === "local") this.#settleTwin(adjustment);
        corrections.push(...debtOf(charge, cost));
      }
      if (adjustment.delta < 0) this.#denied.forget([charge]);
    }
    const told =
      atOnce.length > 0
        ? this.#tell(() => this.#store.adjust(atOnce), atOnce.map(toCorrection))
        : undefined;
    if (corrections.length === 0) return told;
    return Promise.all([told, this.#queue.tell(corrections)]);
  }

  /** Gives leases back. */
  release(held: readonly Held[]): Promise<void> | undefined {
    const leases = held.map(({ charge }) => charge).filter(isLease);
    if (leases.length === 0) return undefined;
    for (const lease of leases) this.#heartbeat.delete(lease);
    this.#denied.forget(leases);
    if (!this.#store.partitioned) {
      return this.#tell(() => this.#store.release(leases), leases.map(toRelease));
    }
    this.#fallback.twin.release(leases);
    // Also where the twin has admitted it: a heartbeat may have told the store since.
    return this.#queue.tell(leases.map(toRelease));
  }

  /** Unmakes charges as if they had never been: who held a lease before holds it still. */
  async undo(held: readonly Held[]): Promise<void> {
    const fresh = held.filter(({ position: [heldBefore] }) => heldBefore !== 1);
    await Promise.all([this.settle(held, () => 0), this.release(fresh)]);
  }

  /** Charges a budget with what was admitted while nobody counted: money spent is spent. */
  async owe(held: readonly Held[]): Promise<void> {
    const debts = held
      .filter(({ source }) => source !== "store")
      .flatMap(({ charge }) => debtOf(charge, charge.cost));
    if (debts.length > 0) await this.#queue.tell(debts);
  }

  /** Tells a store now, and later what it could not be told, whether it fails at once or in its own time. */
  #tell(call: () => MaybePromise<void>, corrections: Correction[]): Promise<void> | undefined {
    const later = (error: unknown) => this.#queue.keep(corrections, error);
    try {
      const told = call();
      return told instanceof Promise ? told.catch(later) : undefined;
    } catch (error) {
      return later(error);
    }
  }

  #settleTwin({ charge, delta, position }: Adjustment): void {
    if (delta === 0) return;
    this.#fallback.twin.adjust([{ charge: this.#fallback.twinOf(charge), delta, position }]);
  }
}

/** Rates recover by themselves; a budget that was not counted has to be told. */
function debtOf(charge: ResolvedCharge, cost: number): Correction[] {
  if (charge.policy.kind !== "budget" || cost === 0) return [];
  return [toCorrection({ charge, delta: cost, position: [0, 0, 0] })];
}

function toCorrection(adjustment: Adjustment): Correction {
  return { kind: "adjust", partition: adjustment.charge.partition, adjustment };
}

function toRelease(lease: Lease): Correction {
  return { kind: "release", partition: lease.partition, lease };
}
