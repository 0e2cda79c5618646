import {
  createGcraState,
  creditGcra,
  debitGcra,
  placeGcra,
  weighGcra,
} from "../algorithms/gcra.ts";
import type { Position, Weighing } from "../algorithms/weighing.ts";
import type { GcraPolicy } from "../policies/gcra.ts";
import { Cells } from "./cells.ts";
import { RowTable } from "./row-table.ts";

const WHOLE = 0;
const REST = 1;
const REFUNDED = 2;
const BIRTH = 3;
const BLOCKED = 4;

/** Counters of a gcra: five numbers a key. */
export class GcraTable extends RowTable<GcraPolicy> {
  readonly #cells = new Cells(5);
  readonly #state = createGcraState();

  protected addChunk(): void {
    this.#cells.addChunk();
  }
  protected expiresAt(row: number): number {
    // A counter whose time has come is full again: as good as none.
    return this.#cells.get(row, WHOLE) + (this.#cells.get(row, REST) > 0 ? 1 : 0);
  }
  protected blockedUntil(row: number): number {
    return this.#cells.get(row, BLOCKED);
  }
  protected load(row: number): void {
    this.#state.whole = this.#cells.get(row, WHOLE);
    this.#state.rest = this.#cells.get(row, REST);
    this.#state.refunded = this.#cells.get(row, REFUNDED);
    this.#state.birth = this.#cells.get(row, BIRTH);
  }
  protected save(row: number, blockedUntil: number): void {
    this.#cells.set(row, WHOLE, this.#state.whole);
    this.#cells.set(row, REST, this.#state.rest);
    this.#cells.set(row, REFUNDED, this.#state.refunded);
    this.#cells.set(row, BIRTH, this.#state.birth);
    this.#cells.set(row, BLOCKED, blockedUntil);
  }
  protected reset(): void {
    this.#state.whole = 0;
    this.#state.rest = 0;
    this.#state.refunded = 0;
    this.#state.birth = 0;
  }
  protected weighState(policy: GcraPolicy, cost: number, now: number, weighing: Weighing): void {
    weighGcra(policy, this.#state, cost, now, weighing);
  }
  protected debitState(policy: GcraPolicy, cost: number, now: number): void {
    debitGcra(policy, this.#state, cost, now);
  }
  protected placeState(policy: GcraPolicy, cost: number, now: number): Position {
    return placeGcra(policy, this.#state, cost, now);
  }
  protected creditState(policy: GcraPolicy, cost: number, position: Position, now: number): void {
    creditGcra(policy, this.#state, cost, position, now);
  }
}
