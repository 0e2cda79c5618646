import {
  createStrictWindowState,
  creditStrictWindow,
  debitStrictWindow,
  type StrictWindowState,
  weighStrictWindow,
} from "../algorithms/strict-window.ts";
import type { Position, Weighing } from "../algorithms/weighing.ts";
import type { StrictWindowPolicy } from "../policies/strict-window.ts";
import { Cells } from "./cells.ts";
import { RowTable } from "./row-table.ts";

const NEWEST = 0;
const BLOCKED = 1;
/** Below it a count and any debt on top of it fit into 32 bits. */
const COMPACT_LIMIT: number = 2 ** 31;

/** True where the counts of a policy fit into 4 bytes each. */
export function isCompact(policy: StrictWindowPolicy): boolean {
  return policy.limit < COMPACT_LIMIT;
}

/** Counters of a strict window: two numbers and one count per bucket a key. */
export class WindowTable extends RowTable<StrictWindowPolicy> {
  readonly #cells = new Cells(2);
  readonly #counts: Cells;
  readonly #buckets: number;
  readonly #bucketUs: number;
  readonly #state: StrictWindowState;

  constructor(maxKeys: number, policy: StrictWindowPolicy) {
    super(maxKeys);
    this.#buckets = policy.buckets;
    this.#bucketUs = policy.bucketUs;
    this.#counts = new Cells(policy.buckets + 1, isCompact(policy));
    this.#state = createStrictWindowState(policy.buckets);
  }

  protected addChunk(): void {
    this.#cells.addChunk();
    this.#counts.addChunk();
  }
  protected expiresAt(row: number): number {
    return (this.#cells.get(row, NEWEST) + this.#buckets + 1) * this.#bucketUs;
  }
  protected blockedUntil(row: number): number {
    return this.#cells.get(row, BLOCKED);
  }
  protected load(row: number): void {
    this.#state.newest = this.#cells.get(row, NEWEST);
    for (let k = 0; k <= this.#buckets; k++) this.#state.counts[k] = this.#counts.get(row, k);
  }
  protected save(row: number, blockedUntil: number): void {
    this.#cells.set(row, NEWEST, this.#state.newest);
    this.#cells.set(row, BLOCKED, blockedUntil);
    for (let k = 0; k <= this.#buckets; k++) this.#counts.set(row, k, this.#state.counts[k] ?? 0);
  }
  protected reset(): void {
    this.#state.newest = 0;
    this.#state.counts.fill(0);
  }
  protected weighState(
    policy: StrictWindowPolicy,
    cost: number,
    now: number,
    weighing: Weighing,
  ): void {
    weighStrictWindow(policy, this.#state, cost, now, weighing);
  }
  protected debitState(policy: StrictWindowPolicy, cost: number, now: number): void {
    debitStrictWindow(policy, this.#state, cost, now);
  }
  protected placeState(policy: StrictWindowPolicy, cost: number, now: number): Position {
    return [debitStrictWindow(policy, this.#state, cost, now), 0, 0];
  }
  protected creditState(_policy: StrictWindowPolicy, cost: number, [bucket]: Position): void {
    creditStrictWindow(this.#state, cost, bucket);
  }
}
