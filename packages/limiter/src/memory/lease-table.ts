import {
  createLeaseState,
  dropLease,
  expireLeases,
  holdLease,
  type LeaseState,
  takenSlots,
  weighLease,
} from "../algorithms/leases.ts";
import { HELD_BEFORE, NOWHERE, type Position, type Weighing } from "../algorithms/weighing.ts";
import type { ConcurrencyPolicy } from "../policies/concurrency.ts";
import type { ResolvedCharge } from "../store.ts";
import type { CounterTable } from "./row-table.ts";

/** Where the leases of keys are counted that find no room of their own. */
const OVERFLOW = "";
/** How many keys are looked at for expired leases, at each new one and where there is no room for it. */
const SWEEP_KEYS = 2;
const EVICTION_KEYS = 32;

/**
 * Leases by key. A key is here only while something runs under it, so that there are few; nothing is
 * ever forgotten before it expires, and keys beyond the cap share one more counter.
 */
export class LeaseTable implements CounterTable {
  readonly #maxKeys: number;
  readonly #keys = new Map<string, LeaseState>();
  readonly #empty: LeaseState = createLeaseState();
  #hand = this.#keys.entries();

  constructor(maxKeys: number) {
    this.#maxKeys = maxKeys;
  }

  get size(): number {
    return this.#keys.size;
  }

  weigh(charge: ResolvedCharge<ConcurrencyPolicy>, now: number, weighing: Weighing): void {
    const state = this.#stateOf(charge, now) ?? this.#empty;
    weighLease(charge.policy, state, charge.lease, charge.cost, now, weighing);
  }

  commit(charge: ResolvedCharge<ConcurrencyPolicy>, now: number, { takes }: Weighing): Position {
    this.renew(charge, now);
    return takes < charge.cost ? HELD_BEFORE : NOWHERE;
  }

  refuse(): void {}

  /** The slots of a lease do not change while it is held. */
  adjust(): void {}

  /** Leases are somebody's, and are given back by whom they belong to. */
  forget(): void {}

  /** Takes a lease, or prolongs it, whether it fits or not, and tells whether it does. */
  renew(charge: ResolvedCharge<ConcurrencyPolicy>, now: number): boolean {
    const { policy, lease, cost } = charge;
    if (cost === 0) return true;
    let state = this.#stateOf(charge, now);
    if (state === undefined) {
      this.#sweep(SWEEP_KEYS, now);
      state = createLeaseState();
      this.#keys.set(this.#roomFor(charge, now), state);
    }
    const fits = state.byId.has(lease) || takenSlots(state) + cost <= policy.limit;
    holdLease(policy, state, lease, cost, now);
    return fits;
  }

  release({ key, partition, lease }: ResolvedCharge<ConcurrencyPolicy>): void {
    for (const name of [nameOf(partition, key), OVERFLOW]) {
      const state = this.#keys.get(name);
      if (state === undefined || !dropLease(state, lease)) continue;
      if (state.byId.size === 0) this.#keys.delete(name);
    }
  }

  /** Gives the leases that a key is counted with, none of them expired; nothing where it has none, but room for some. */
  #stateOf(charge: ResolvedCharge, now: number): LeaseState | undefined {
    const own = this.#keys.get(nameOf(charge.partition, charge.key));
    const isFull = own === undefined && this.#keys.size >= this.#maxKeys;
    const state = isFull ? this.#keys.get(this.#roomFor(charge, now)) : own;
    if (state !== undefined) expireLeases(state, now);
    return state;
  }

  /** The name under which a key without leases may have some. */
  #roomFor({ key, partition }: Pick<ResolvedCharge, "key" | "partition">, now: number): string {
    if (this.#keys.size >= this.#maxKeys) this.#sweep(EVICTION_KEYS, now);
    return this.#keys.size >= this.#maxKeys ? OVERFLOW : nameOf(partition, key);
  }

  /** Forgets the expired leases of the next so many keys, the first after the last. */
  #sweep(count: number, now: number): void {
    for (let left = Math.min(count, this.#keys.size); left > 0; left--) {
      let next = this.#hand.next();
      if (next.done) {
        this.#hand = this.#keys.entries();
        next = this.#hand.next();
      }
      if (next.done) return;
      const [name, state] = next.value;
      expireLeases(state, now);
      if (state.byId.size === 0) this.#keys.delete(name);
    }
  }
}

function nameOf(partition: string, key: string): string {
  return partition === key ? `=${key}` : `${partition.length}:${partition}${key}`;
}
