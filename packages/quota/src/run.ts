import type { Limiter, Reservation } from "@enfilade/limiter";
import { isPlace, type RunCharge, toCharges } from "./charges.ts";
import { QUOTA_EXHAUSTED, QUOTA_LEASE_LOST, QUOTA_RUN_ABANDONED } from "./errors.ts";
import type { OpenRuns } from "./open-runs.ts";
import { settlementOf } from "./settlement.ts";
import type { RunQuota, Settlement, Usage } from "./types.ts";
import { LARGEST, readUsage } from "./usage.ts";
import { nothingLeft } from "./words.ts";

/** More that was reserved while the run went on. */
interface TopUp {
  readonly reservation: Reservation;
  readonly costs: ReadonlyMap<RunCharge, number>;
}

/** What a run is made of. */
export interface RunParts {
  readonly limiter: Limiter;
  /** `undefined` where nothing is counted for this caller. */
  readonly reservation: Reservation | undefined;
  readonly charges: readonly RunCharge[];
  /** What was reserved, unit by unit. */
  readonly reserved: Usage;
  readonly counted: ReadonlySet<string>;
  readonly openRuns: OpenRuns;
  /** Its place is free. */
  onFreed(charges: readonly RunCharge[]): void;
  /** It could not be settled, and nobody waits to hear of it. */
  onFailure(error: unknown): void;
}

/** A run that was admitted, from its reservation to its settlement. */
export class Run implements RunQuota {
  readonly #parts: RunParts;
  readonly #charged = new Map<string, number>();
  readonly #topUps: TopUp[] = [];
  readonly #reserved = new Map<RunCharge, number>();
  #toppingUp: Promise<void> | undefined;
  #controller: AbortController | undefined;
  #reason: Error | undefined;
  #detached = false;
  #freed: Promise<void> | undefined;
  #ending: Promise<Settlement> | undefined;
  settlement: Settlement | undefined;

  constructor(parts: RunParts) {
    this.#parts = parts;
    for (const charge of parts.charges) this.#reserved.set(charge, charge.cost);
    parts.reservation?.onLost(() => this.#abort(new QUOTA_LEASE_LOST()));
    parts.openRuns.add(this);
  }

  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.#reason !== undefined) this.#controller.abort(this.#reason);
    }
    return this.#controller.signal;
  }

  get reserved(): Usage {
    return this.#parts.reserved;
  }

  get charged(): Usage {
    return Object.fromEntries(this.#charged);
  }

  async charge(usage: Usage): Promise<boolean> {
    const given = readUsage("charge()", usage, this.#parts.counted);
    if (this.#ending !== undefined) return false;
    for (const [unit, amount] of Object.entries(given)) {
      this.#charged.set(unit, Math.min(LARGEST, (this.#charged.get(unit) ?? 0) + amount));
    }
    if (this.#reason === undefined && this.#missing().length > 0) {
      this.#toppingUp ??= this.#topUp().finally(() => {
        this.#toppingUp = undefined;
      });
      await this.#toppingUp;
    }
    return this.#reason === undefined;
  }

  async settle(usage: Usage = {}): Promise<Settlement> {
    const given = readUsage("settle()", usage, this.#parts.counted);
    this.#ending ??= this.#end(() => this.#final(given));
    return await this.#ending;
  }

  async cancel(): Promise<void> {
    const nothing = Object.fromEntries(Object.keys(this.reserved).map((unit) => [unit, 0]));
    this.#ending ??= this.#end(() => nothing);
    await this.#ending;
  }

  detach(): RunQuota {
    this.#detached = true;
    return this;
  }

  /** Hears that the exchange has ended. Its place is free at once; what it has cost may still be told. */
  leave(delivered: boolean): void {
    if (this.#detached || this.#ending !== undefined) return;
    void this.#free();
    if (!delivered) this.#abort(new QUOTA_RUN_ABANDONED());
    // What is used beyond all that was reserved is not counted yet, and would be free for as long as nobody settles.
    if (this.#missing().length > 0) void this.giveUp();
    else this.#parts.openRuns.expect(this);
  }

  /** Settles what nobody else will: the estimate stands. Never rejects. */
  async giveUp(): Promise<void> {
    try {
      await this.settle();
    } catch (error) {
      this.#parts.onFailure(error);
    }
  }

  #abort(reason: Error): void {
    if (this.#reason !== undefined || this.#ending !== undefined) return;
    this.#reason = reason;
    this.#controller?.abort(reason);
  }

  /** The charges that have used more than is reserved for them, and how much more. */
  #missing(): [RunCharge, number][] {
    return this.#parts.charges.flatMap((charge): [RunCharge, number][] => {
      const missing =
        (this.#charged.get(charge.metered.counts) ?? 0) - (this.#reserved.get(charge) ?? 0);
      return missing > 0 && !isPlace(charge) ? [[charge, missing]] : [];
    });
  }

  /** Reserves what is missing, one request after the other: what is charged meanwhile comes with the next. */
  async #topUp(): Promise<void> {
    for (;;) {
      const missing = this.#missing();
      if (missing.length === 0 || this.#ending !== undefined || this.#reason !== undefined) return;
      const more = missing.map(([charge, cost]) => ({ ...charge, cost }));
      const reservation = await this.#parts.limiter.reserve(toCharges(more));
      const { admitted, verdicts } = reservation.decision;
      if (!admitted) {
        const isTold = (name: string) =>
          more.some(({ metered }) => metered.name === name && metered.isTold);
        this.#abort(new QUOTA_EXHAUSTED(nothingLeft(verdicts, isTold)));
        return;
      }
      this.#topUps.push({ reservation, costs: new Map(missing) });
      for (const [charge, cost] of missing) {
        this.#reserved.set(charge, (this.#reserved.get(charge) ?? 0) + cost);
      }
    }
  }

  /** What was used if that is known; else what was reserved, or charged where that is more. */
  #final(given: Usage): Usage {
    const usage: Record<string, number> = { ...this.reserved };
    for (const [unit, amount] of this.#charged) usage[unit] = Math.max(usage[unit] ?? 0, amount);
    return { ...usage, ...given };
  }

  #free(): Promise<void> {
    if (this.#freed !== undefined) return this.#freed;
    const { reservation, charges, onFreed } = this.#parts;
    this.#freed = (reservation?.free() ?? Promise.resolve()).then(() => onFreed(charges));
    return this.#freed;
  }

  async #end(toUsage: () => Usage): Promise<Settlement> {
    const { reservation, charges, openRuns } = this.#parts;
    const freed = this.#free();
    // What is being reserved has to be settled, too; why it could not be is told to who has charged it.
    await this.#toppingUp?.catch(() => {});
    const usage = toUsage();
    const costs = new Map(charges.map((charge) => [charge, costOf(charge, usage)]));
    try {
      await Promise.all([freed, this.#settleAll(costs)]);
    } finally {
      openRuns.delete(this);
    }
    this.settlement = settlementOf(reservation?.decision.verdicts ?? [], costs, usage);
    return this.settlement;
  }

  /** Divides the costs among what was reserved: what is left over, once the top-ups have theirs, is a debt. */
  async #settleAll(costs: ReadonlyMap<RunCharge, number>): Promise<void> {
    const { reservation } = this.#parts;
    if (reservation === undefined) return;
    const rest: Record<string, number> = {};
    for (const [charge, cost] of costs) if (!isPlace(charge)) rest[charge.metered.name] = cost;
    const topUps = this.#topUps.map((topUp) => {
      const shares: Record<string, number> = {};
      for (const [{ metered, cost }, reserved] of topUp.costs) {
        const whole = rest[metered.name] ?? 0;
        const share = Math.min(reserved, Math.max(0, whole - cost));
        shares[metered.name] = share;
        rest[metered.name] = whole - share;
      }
      return topUp.reservation.settle(shares);
    });
    await Promise.all([reservation.settle(rest), ...topUps]);
  }
}

function costOf(charge: RunCharge, usage: Usage): number {
  return usage[charge.metered.counts] ?? charge.cost;
}
