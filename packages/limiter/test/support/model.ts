import type {
  BudgetPolicy,
  ConcurrencyPolicy,
  GcraPolicy,
  Policy,
  StrictWindowPolicy,
} from "../../src/index.ts";

/** Something admitted; times in whole microseconds. */
interface Entry {
  readonly at: number;
  readonly cost: number;
  readonly lease: string;
  /** The calendar window it fell into, for budgets. */
  readonly window: string;
}

/** What a counter has admitted, oldest first, and the backlog of a gcra. */
interface Log {
  entries: Entry[];
  backlog: bigint;
  last: bigint;
}

export interface ModelCharge {
  readonly policy: Policy;
  readonly counter: string;
  readonly cost: number;
  readonly lease?: string;
}

/**
 * The limits by their definitions, from a log of everything admitted, in exact integers: slow, and
 * written without a look at how the stores do it. What is asked comes in the order of time.
 */
export class Model {
  readonly #logs = new Map<string, Log>();

  /** Decides all or nothing, and logs what is admitted. */
  decide(charges: readonly ModelCharge[], at: number): boolean {
    const admitted = charges.every((charge) => this.admits(charge, at));
    if (admitted) for (const charge of charges) this.log(charge, at);
    return admitted;
  }

  admits({ policy, counter, cost, lease = "" }: ModelCharge, at: number): boolean {
    const log = this.#logOf(counter);
    switch (policy.kind) {
      case "gcra": {
        const { period } = unitsOf(policy);
        return backlogAt(policy, log, at) + BigInt(cost) * period <= BigInt(policy.burst) * period;
      }
      case "strict-window":
        return inWindow(policy, log.entries, at) + cost <= policy.limit;
      case "budget": {
        const window = windowOf(policy, at);
        const spent = log.entries.filter((entry) => entry.window === window);
        return sum(spent.map((entry) => entry.cost)) + cost <= policy.limit;
      }
      case "concurrency": {
        const live = liveLeases(policy, log.entries, at);
        return live.has(lease) || sum([...live.values()]) + cost <= policy.limit;
      }
    }
  }

  log({ policy, counter, cost, lease = "" }: ModelCharge, at: number): void {
    const log = this.#logOf(counter);
    const window = policy.kind === "budget" ? windowOf(policy, at) : "";
    if (policy.kind === "gcra") {
      log.backlog = backlogAt(policy, log, at) + BigInt(cost) * unitsOf(policy).period;
      log.last = BigInt(at);
      return;
    }
    // What cannot count any more is forgotten, so that a long run stays feasible.
    const longest = policy.kind === "strict-window" ? 2 * policy.windowMs * 1_000 : 0;
    if (longest > 0) log.entries = log.entries.filter((entry) => entry.at > at - longest);
    log.entries.push({ at, cost, lease, window });
  }

  /** Makes charges cheaper after the fact, as if they had never been dearer. */
  reduce({ policy, counter }: ModelCharge, position: number, by: number): void {
    const { entries } = this.#logOf(counter);
    let left = by;
    for (const [index, entry] of entries.entries()) {
      if (left === 0 || !liesAt(policy, entry, position)) continue;
      const part = Math.min(left, entry.cost);
      entries[index] = { ...entry, cost: entry.cost - part };
      left -= part;
    }
  }

  release(counter: string, lease: string): void {
    const log = this.#logOf(counter);
    log.entries = log.entries.filter((entry) => entry.lease !== lease);
  }

  /** How many slots are taken. */
  taken(policy: ConcurrencyPolicy, counter: string, at: number): number {
    return sum([...liveLeases(policy, this.#logOf(counter).entries, at).values()]);
  }

  #logOf(counter: string): Log {
    let log = this.#logs.get(counter);
    if (log === undefined) {
      log = { entries: [], backlog: 0n, last: 0n };
      this.#logs.set(counter, log);
    }
    return log;
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

/** In units of which a period has `limit` per microsecond, everything is whole. */
function unitsOf(policy: GcraPolicy): { period: bigint; rate: bigint } {
  return { period: BigInt(policy.periodMs) * 1_000n, rate: BigInt(policy.limit) };
}

/** Queue theory: a server that does `limit` per period, and what still waits for it. */
function backlogAt(policy: GcraPolicy, { backlog, last }: Log, at: number): bigint {
  const done = (BigInt(at) - last) * unitsOf(policy).rate;
  return backlog > done ? backlog - done : 0n;
}

/** Everything in the buckets that the window touches. */
function inWindow(policy: StrictWindowPolicy, log: readonly Entry[], at: number): number {
  const length = Math.ceil((policy.windowMs * 1_000) / policy.buckets);
  const number = (moment: number) => Math.floor(moment / length);
  const touched = log.filter((entry) => number(entry.at) >= number(at) - policy.buckets);
  return sum(touched.map(({ cost }) => cost));
}

/** True for charges of the bucket, or of the calendar window, that a refund goes back to. */
function liesAt(policy: Policy, { at, window }: Entry, position: number): boolean {
  if (policy.kind === "strict-window") return Math.floor(at / policy.bucketUs) === position;
  return policy.kind === "budget" && window === windowOf(policy, position);
}

/** The local date of a moment, or its month. */
function windowOf({ timeZone, per }: BudgetPolicy, us: number): string {
  let format = formats.get(timeZone);
  if (format === undefined) {
    format = new Intl.DateTimeFormat("sv-SE", { timeZone, dateStyle: "short" });
    formats.set(timeZone, format);
  }
  const iso = format.format(us / 1_000);
  return per === "day" ? iso : iso.slice(0, 7);
}

const formats = new Map<string, Intl.DateTimeFormat>();

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
