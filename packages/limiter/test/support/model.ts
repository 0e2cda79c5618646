import type { ConcurrencyPolicy, GcraPolicy, Policy, StrictWindowPolicy } from "../../src/index.ts";

/** What a counter has admitted, oldest first; times in whole microseconds. */
interface Entry {
  readonly at: number;
  readonly cost: number;
  readonly lease: string;
}

export interface ModelCharge {
  readonly policy: Policy;
  readonly counter: string;
  readonly cost: number;
  readonly lease?: string;
}

/**
 * The limits by their definitions, from a log of everything admitted, in exact integers: slow, and
 * written without a look at how the stores do it.
 */
export class Model {
  readonly #logs = new Map<string, Entry[]>();

  /** Decides all or nothing, and logs what is admitted. */
  decide(charges: readonly ModelCharge[], at: number): boolean {
    const admitted = charges.every((charge) => this.admits(charge, at));
    if (admitted) for (const charge of charges) this.log(charge, at);
    return admitted;
  }

  admits({ policy, counter, cost, lease = "" }: ModelCharge, at: number): boolean {
    const log = this.#logs.get(counter) ?? [];
    switch (policy.kind) {
      case "gcra":
        return gcraAdmits(policy, log, cost, at);
      case "strict-window":
        return inWindow(policy, log, at) + cost <= policy.limit;
      case "budget":
        return spentOn(policy.timeZone, policy.per, log, at) + cost <= policy.limit;
      case "concurrency": {
        const live = liveLeases(policy, log, at);
        return live.has(lease) || sum([...live.values()]) + cost <= policy.limit;
      }
    }
  }

  log({ counter, cost, lease = "" }: ModelCharge, at: number): void {
    const log = this.#logs.get(counter) ?? [];
    log.push({ at, cost, lease });
    this.#logs.set(counter, log);
  }

  /** Takes a charge out of history, as a full refund of what still counts does. */
  strike(counter: string, at: number, cost: number): void {
    const log = this.#logs.get(counter) ?? [];
    const index = log.findLastIndex((entry) => entry.at === at && entry.cost === cost);
    if (index !== -1) log.splice(index, 1);
  }

  release(counter: string, lease: string): void {
    const log = this.#logs.get(counter) ?? [];
    this.#logs.set(
      counter,
      log.filter((entry) => entry.lease !== lease),
    );
  }

  /** The largest cost that would be admitted. */
  remaining(charge: ModelCharge, at: number): number {
    let low = 0;
    let high = charge.policy.capacity + 1;
    if (!this.admits({ ...charge, cost: 0 }, at)) return 0;
    while (high - low > 1) {
      const middle = Math.floor((low + high) / 2);
      if (this.admits({ ...charge, cost: middle, lease: "nobody's" }, at)) low = middle;
      else high = middle;
    }
    return low;
  }
}

/** Queue theory: a server that does `limit` per period, and a backlog of at most `burst`. */
function gcraAdmits(policy: GcraPolicy, log: readonly Entry[], cost: number, at: number): boolean {
  // In units of which a period has `limit` per microsecond, everything is whole.
  const period = BigInt(policy.periodMs) * 1_000n;
  const rate = BigInt(policy.limit);
  let backlog = 0n;
  let last = 0n;
  for (const entry of log) {
    const passed = (BigInt(entry.at) - last) * rate;
    backlog = backlog > passed ? backlog - passed : 0n;
    backlog += BigInt(entry.cost) * period;
    last = BigInt(entry.at);
  }
  const passed = (BigInt(at) - last) * rate;
  backlog = backlog > passed ? backlog - passed : 0n;
  return backlog + BigInt(cost) * period <= BigInt(policy.burst) * period;
}

/** Everything in the buckets that the window touches. */
function inWindow(policy: StrictWindowPolicy, log: readonly Entry[], at: number): number {
  const length = Math.ceil((policy.windowMs * 1_000) / policy.buckets);
  const number = (moment: number) => Math.floor(moment / length);
  const touched = log.filter((entry) => number(entry.at) >= number(at) - policy.buckets);
  return sum(touched.map(({ cost }) => cost));
}

function spentOn(timeZone: string, per: string, log: readonly Entry[], at: number): number {
  const window = (us: number) => {
    const iso = new Date(us / 1_000).toLocaleDateString("sv-SE", { timeZone });
    return per === "day" ? iso : iso.slice(0, 7);
  };
  return sum(log.filter((entry) => window(entry.at) === window(at)).map(({ cost }) => cost));
}

/** The slots of each lease that has been renewed within its life. */
function liveLeases(
  policy: ConcurrencyPolicy,
  log: readonly Entry[],
  at: number,
): Map<string, number> {
  const live = new Map<string, { slots: number; expires: number }>();
  for (const entry of log) {
    const held = live.get(entry.lease);
    const slots = held !== undefined && held.expires > entry.at ? held.slots : entry.cost;
    live.set(entry.lease, { slots, expires: entry.at + policy.ttlMs * 1_000 });
  }
  return new Map(
    [...live].filter(([, { expires }]) => expires > at).map(([id, { slots }]) => [id, slots]),
  );
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
