import { createWeighing, type Position, type Weighing } from "../algorithms/weighing.ts";
import { LIMITER_TOO_MANY_POLICIES } from "../errors.ts";
import { refuseOption, refuseUnknown, wholeNumber } from "../invalid-option.ts";
import type { ConcurrencyPolicy } from "../policies/concurrency.ts";
import type { Policy } from "../policies/policy.ts";
import type { Adjustment, DecideMode, Lease, Outcome, ResolvedCharge, Store } from "../store.ts";
import { toDecision } from "../verdicts.ts";
import { BudgetTable } from "./budget-table.ts";
import { GcraTable } from "./gcra-table.ts";
import { LeaseTable } from "./lease-table.ts";
import type { CounterTable } from "./row-table.ts";
import { isCompact, WindowTable } from "./window-table.ts";

/** Options of {@link memoryStore}. */
export interface MemoryStoreOptions {
  /**
   * How many keys each policy may have. Beyond it expired keys are forgotten first, then those that
   * have used least; a blocked key never: keys that find no room then share one counter.
   * @defaultValue 1,000,000, at 50 to 90 bytes each; a key with one lease takes 400
   */
  readonly maxKeys?: number;
  /**
   * Milliseconds since the epoch; for tests.
   * @defaultValue the clock at the start of the process, carried on by the monotonic one: setting the
   *   machine's clock changes nothing
   */
  readonly now?: () => number;
}

/** Counters in this process: every call answers at once, without a promise. */
export interface MemoryStore extends Store {
  decide(charges: readonly ResolvedCharge[], mode: DecideMode): Outcome;
  adjust(adjustments: readonly Adjustment[]): void;
  renew(leases: readonly Lease[]): readonly Lease[];
  release(leases: readonly Lease[]): void;
  forget(charges: readonly ResolvedCharge[]): void;
  /** How many keys are in memory, expired ones included. */
  readonly size: number;
}

/** A name is for a policy: whoever makes one for each caller fills the memory with tables. */
const MAX_TABLES = 1_000;

/** Read once: the getter takes longer than a decision does. */
const { timeOrigin } = performance;
const steadyNow = () => timeOrigin + performance.now();

/**
 * Creates a store in this process' memory, for one process or as the fallback of another store.
 *
 * Decisions are synchronous, and therefore atomic. Keys are kept as fingerprints in typed arrays.
 *
 * **Security:** keys are attacker-chosen as a rule, hence the cap, the secret hash, and the promise
 * that no flood of fresh keys makes a blocked one forgotten.
 *
 * @throws LIMITER_INVALID_OPTION
 * @example
 * ```ts
 * const limiter = createLimiter({ store: memoryStore({ maxKeys: 100_000 }) });
 * ```
 */
export function memoryStore(options: MemoryStoreOptions = {}): MemoryStore {
  refuseUnknown("memoryStore", options, ["maxKeys", "now"]);
  const bounds = { min: 1, max: 2 ** 26 };
  const { maxKeys = 1_000_000, now = steadyNow } = options;
  if (typeof now !== "function") {
    return refuseOption("memoryStore", "now", now, "Give a function.");
  }
  return new Tables(wholeNumber("memoryStore", "maxKeys", maxKeys, bounds), now);
}

class Tables implements MemoryStore {
  readonly partitioned = false;
  readonly #maxKeys: number;
  readonly #now: () => number;
  readonly #rows = new Map<string, CounterTable>();
  readonly #leases = new Map<string, LeaseTable>();
  readonly #weighings: Weighing[] = [];

  constructor(maxKeys: number, now: () => number) {
    this.#maxKeys = maxKeys;
    this.#now = now;
  }

  get size(): number {
    let size = 0;
    for (const table of this.#rows.values()) size += table.size;
    for (const table of this.#leases.values()) size += table.size;
    return size;
  }

  decide(charges: readonly ResolvedCharge[], mode: DecideMode): Outcome {
    const now = this.#nowUs();
    let pass = true;
    for (let i = 0; i < charges.length; i++) {
      const weighing = this.#weighing(i);
      const charge = charges[i] as ResolvedCharge;
      this.#tableOf(charge.policy).weigh(charge, now, weighing);
      pass &&= weighing.pass;
    }
    const positions = mode === "peek" ? [] : this.#write(charges, now, pass, mode === "reserve");
    return { decision: toDecision(charges, this.#weighings, now, pass), positions };
  }

  #write(
    charges: readonly ResolvedCharge[],
    now: number,
    pass: boolean,
    placed: boolean,
  ): Position[] {
    const positions: Position[] = [];
    for (let i = 0; i < charges.length; i++) {
      const weighing = this.#weighing(i);
      const charge = charges[i] as ResolvedCharge;
      const table = this.#tableOf(charge.policy);
      if (pass) {
        const position = table.commit(charge, now, weighing, placed);
        if (placed) positions.push(position);
      } else if (!weighing.pass) {
        table.refuse(charge, now, weighing);
      }
    }
    return positions;
  }

  adjust(adjustments: readonly Adjustment[]): void {
    const now = this.#nowUs();
    for (const adjustment of adjustments) {
      this.#tableOf(adjustment.charge.policy).adjust(adjustment, now);
    }
  }

  renew(leases: readonly Lease[]): readonly Lease[] {
    const now = this.#nowUs();
    return leases.filter((lease) => !this.#leasesOf(lease.policy).renew(lease, now));
  }

  release(leases: readonly Lease[]): void {
    for (const lease of leases) this.#leasesOf(lease.policy).release(lease);
  }

  forget(charges: readonly ResolvedCharge[]): void {
    const now = this.#nowUs();
    for (const charge of charges) this.#tableOf(charge.policy).forget(charge, now);
  }

  #nowUs(): number {
    return Math.floor(this.#now() * 1_000);
  }

  #weighing(index: number): Weighing {
    let weighing = this.#weighings[index];
    if (weighing === undefined) {
      weighing = createWeighing();
      this.#weighings[index] = weighing;
    }
    return weighing;
  }

  #tableOf(policy: Policy): CounterTable {
    if (policy.kind === "concurrency") return this.#leasesOf(policy);
    const wide = policy.kind === "strict-window" && !isCompact(policy);
    const id = wide ? `${policy.id}+` : policy.id;
    return this.#rows.get(id) ?? this.#add(this.#rows, id, createRows(policy, this.#maxKeys));
  }

  #leasesOf(policy: ConcurrencyPolicy): LeaseTable {
    const { id } = policy;
    return this.#leases.get(id) ?? this.#add(this.#leases, id, new LeaseTable(this.#maxKeys));
  }

  #add<Table>(tables: Map<string, Table>, id: string, table: Table): Table {
    if (this.#rows.size + this.#leases.size === MAX_TABLES) {
      throw new LIMITER_TOO_MANY_POLICIES(String(MAX_TABLES + 1));
    }
    tables.set(id, table);
    return table;
  }
}

function createRows(policy: Exclude<Policy, ConcurrencyPolicy>, maxKeys: number): CounterTable {
  switch (policy.kind) {
    case "gcra":
      return new GcraTable(maxKeys);
    case "strict-window":
      return new WindowTable(maxKeys, policy);
    case "budget":
      return new BudgetTable(maxKeys);
  }
}
