import { LIMITER_INVALID_SETTLEMENT } from "./errors.ts";
import { type Held, isLease, type Settler } from "./settler.ts";
import type { ResolvedCharge } from "./store.ts";
import type { Decision } from "./types.ts";

/** What one piece of work has reserved, until it is known what it has cost. */
export interface Reservation {
  readonly decision: Decision;
  /** The ids of the leases that were taken, by policy name. */
  readonly leases: Readonly<Record<string, string>>;
  /**
   * Brings the charges to what the work has really cost, by policy name; policies left out keep their
   * estimate. Less is refunded where it was charged, as far as that still counts; more is charged now,
   * whether it fits or not. Leases stay.
   *
   * Never rejects for want of a store: what cannot be told now is told later.
   *
   * @throws LIMITER_INVALID_SETTLEMENT where there is nothing to settle, or not any more
   */
  settle(costs: Readonly<Record<string, number>>): Promise<void>;
  /**
   * Ends the work: gives the leases back. Charges that were not settled keep their estimate. May be
   * called again, and on a refused reservation; to be called however the work has ended.
   */
  release(): Promise<void>;
  /**
   * Gives the leases back and leaves the charges to be settled: for work whose end is known before its
   * cost. Whoever calls it calls `settle` or `release` later on.
   */
  free(): Promise<void>;
  /**
   * Tells of a lease that was lost: its holder could not renew it in time, and by now somebody else is in its
   * place. The lease is held all the same, above the limit, until it is given back.
   */
  onLost(listener: (policy: string) => void): void;
  /** Unmakes everything, for work that never began. */
  cancel(): Promise<void>;
}

type State = "refused" | "reserved" | "settled";

/** A {@link Reservation} of charges that were made. */
export class HeldReservation implements Reservation {
  readonly decision: Decision;
  readonly leases: Readonly<Record<string, string>>;
  readonly #held: readonly Held[];
  readonly #settler: Settler;
  #state: State;
  #released = false;
  readonly #lost: string[] = [];
  readonly #listeners: ((policy: string) => void)[] = [];

  constructor(decision: Decision, held: readonly Held[], settler: Settler) {
    this.decision = decision;
    this.#held = held;
    this.#settler = settler;
    this.#state = decision.admitted ? "reserved" : "refused";
    const leases: Record<string, string> = {};
    for (const { charge } of held) if (isLease(charge)) leases[charge.policy.name] = charge.lease;
    this.leases = leases;
    settler.keep(held, ({ policy }) => this.#lose(policy.name));
  }

  /** True once the leases are given back: a late answer must not bring them back to life. */
  get released(): boolean {
    return this.#released;
  }

  async settle(costs: Readonly<Record<string, number>>): Promise<void> {
    if (this.#state === "refused") refuse("the reservation was refused", "Look at its decision.");
    if (this.#state === "settled") refuse("it has been settled before", "Settle once, at the end.");
    for (const [name, cost] of Object.entries(costs)) this.#assertCost(name, cost);
    this.#state = "settled";
    await this.#settler.settle(this.#held, ({ policy, cost }) =>
      Object.hasOwn(costs, policy.name) ? costs[policy.name] : cost,
    );
  }

  async release(): Promise<void> {
    const owed = this.#state === "reserved" ? this.#settler.owe(this.#held) : undefined;
    if (this.#state === "reserved") this.#state = "settled";
    await Promise.all([owed, this.free()]);
  }

  async free(): Promise<void> {
    if (this.#released) return;
    this.#released = true;
    await this.#settler.release(this.#held);
  }

  onLost(listener: (policy: string) => void): void {
    this.#listeners.push(listener);
    for (const policy of this.#lost) listener(policy);
  }

  /** Tells every listener, and throws the first failure among them once all have heard. */
  #lose(policy: string): void {
    if (this.#lost.includes(policy)) return;
    this.#lost.push(policy);
    const failures: unknown[] = [];
    for (const listener of this.#listeners) {
      try {
        listener(policy);
      } catch (error) {
        failures.push(error);
      }
    }
    if (failures.length > 0) throw failures[0];
  }

  async cancel(): Promise<void> {
    if (this.#state === "reserved") {
      this.#state = "settled";
      await this.#settler.settle(this.#held, () => 0);
    }
    await this.release();
  }

  #assertCost(name: string, cost: number): void {
    const own = (charge: ResolvedCharge) => charge.policy.name === name && !isLease(charge);
    if (!this.#held.some(({ charge }) => own(charge))) {
      refuse(`it names ${JSON.stringify(name)}`, "Name policies with a cost of this reservation.");
    }
    if (!Number.isSafeInteger(cost) || cost < 0) {
      refuse(`the cost of ${name} is ${String(cost)}`, "Give a whole number from 0.");
    }
  }
}

function refuse(what: string, fix: string): never {
  throw new LIMITER_INVALID_SETTLEMENT(what, fix);
}
