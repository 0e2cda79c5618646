import type { Position, Weighing } from "../algorithms/weighing.ts";
import { createWeighing, NOWHERE } from "../algorithms/weighing.ts";
import type { Policy } from "../policies/policy.ts";
import type { Adjustment, ResolvedCharge } from "../store.ts";
import { Fingerprint } from "./fingerprint.ts";
import { KeyIndex } from "./key-index.ts";

/** Keeps a partition and a key apart from a key that spells the same. */
const PARTED = 1;

/** The counters of one policy: what the memory store asks, for every kind of policy. */
export interface CounterTable {
  readonly size: number;
  weigh(charge: ResolvedCharge, now: number, weighing: Weighing): void;
  /** Writes a charge that every policy has admitted, and tells where it lies. */
  commit(charge: ResolvedCharge, now: number, weighing: Weighing, placed: boolean): Position;
  /** Notes a refusal: the key must not be forgotten before it may come again. */
  refuse(charge: ResolvedCharge, now: number, weighing: Weighing): void;
  adjust(adjustment: Adjustment, now: number): void;
  /** Makes a counter as good as new; leases are none. */
  forget(charge: ResolvedCharge, now: number): void;
}

/**
 * Counters in rows of typed arrays. A subclass says what a row holds; it loads one row at a time into
 * a state of its own, on which the algorithms work.
 */
export abstract class RowTable<P extends Policy> extends KeyIndex implements CounterTable {
  readonly #fingerprint = new Fingerprint();
  readonly #probe: Weighing = createWeighing();
  /** The charge that the fingerprint is of: a decision comes by twice, to weigh and to write. */
  #fingerprinted: ResolvedCharge | undefined;

  protected abstract load(row: number): void;
  protected abstract save(row: number, blockedUntil: number): void;
  /** Makes the state that of a key never seen. */
  protected abstract reset(): void;
  protected abstract weighState(policy: P, cost: number, now: number, weighing: Weighing): void;
  protected abstract debitState(policy: P, cost: number, now: number): void;
  protected abstract placeState(policy: P, cost: number, now: number): Position;
  protected abstract creditState(policy: P, cost: number, position: Position, now: number): void;

  weigh(charge: ResolvedCharge<P>, now: number, weighing: Weighing): void {
    const row = this.#find(charge, now);
    if (row === -1) this.reset();
    else this.load(row);
    this.weighState(charge.policy, charge.cost, now, weighing);
  }

  commit(charge: ResolvedCharge<P>, now: number, weighing: Weighing, placed: boolean): Position {
    const { policy, cost } = charge;
    if (cost === 0) return NOWHERE;
    const row = this.#obtain(charge, now);
    let position = NOWHERE;
    if (placed) position = this.placeState(policy, cost, now);
    else this.debitState(policy, cost, now);
    this.save(row, weighing.remaining - cost < 1 ? this.#blockedUntil(policy, now) : 0);
    return position;
  }

  refuse(charge: ResolvedCharge<P>, now: number, { retryAfterUs }: Weighing): void {
    if (retryAfterUs === Number.POSITIVE_INFINITY) return;
    const row = this.#find(charge, now);
    if (row === -1) return;
    this.load(row);
    this.save(row, now + retryAfterUs);
  }

  adjust({ charge, delta, position }: Adjustment, now: number): void {
    const own = charge as ResolvedCharge<P>;
    if (delta > 0) {
      const row = this.#obtain(own, now);
      this.debitState(own.policy, delta, now);
      this.save(row, this.#blockedUntil(own.policy, now));
      return;
    }
    const row = this.#find(own, now);
    if (row === -1) return;
    this.load(row);
    this.creditState(own.policy, -delta, position, now);
    this.save(row, this.#blockedUntil(own.policy, now));
  }

  forget(charge: ResolvedCharge, now: number): void {
    const row = this.#find(charge, now);
    // What keys without room of their own share is not one of them's to forget.
    if (row === -1 || row === this.overflowRow) return;
    this.reset();
    this.save(row, 0);
  }

  /** Until when not even one unit would be admitted: forgetting the key would admit a fresh burst. */
  #blockedUntil(policy: P, now: number): number {
    this.weighState(policy, 1, now, this.#probe);
    return this.#probe.pass ? 0 : now + this.#probe.retryAfterUs;
  }

  #find(charge: ResolvedCharge, now: number): number {
    if (charge !== this.#fingerprinted) {
      const { key, partition } = charge;
      if (partition === key) this.#fingerprint.take(key);
      else this.#fingerprint.take(`${partition.length}:${partition}${key}`, PARTED);
      this.#fingerprinted = charge;
    }
    return this.find(this.#fingerprint.low, this.#fingerprint.high, now);
  }

  /** Finds or makes the row of a charge, and loads its state. */
  #obtain(charge: ResolvedCharge<P>, now: number): number {
    const found = this.#find(charge, now);
    if (found !== -1) {
      this.load(found);
      return found;
    }
    const row = this.insert(this.#fingerprint.low, this.#fingerprint.high, now);
    if (row === this.overflowRow && this.isLive(row, now)) this.load(row);
    else this.reset();
    return row;
  }
}
