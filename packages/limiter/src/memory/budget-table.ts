import {
  type BudgetState,
  createBudgetState,
  creditBudget,
  debitBudget,
  weighBudget,
} from "../algorithms/budget.ts";
import type { Position, Weighing } from "../algorithms/weighing.ts";
import { calendarSpan } from "../calendar.ts";
import type { BudgetPolicy } from "../policies/budget.ts";
import { Cells } from "./cells.ts";
import { RowTable } from "./row-table.ts";

const START = 0;
const SPENT = 1;
const EXPIRES = 2;
const BLOCKED = 3;

/** Counters of a calendar budget: four numbers a key. */
export class BudgetTable extends RowTable<BudgetPolicy> {
  readonly #cells = new Cells(4);
  readonly #state: BudgetState = createBudgetState();
  #expires = 0;

  protected addChunk(): void {
    this.#cells.addChunk();
  }
  protected expiresAt(row: number): number {
    return this.#cells.get(row, EXPIRES);
  }
  protected blockedUntil(row: number): number {
    return this.#cells.get(row, BLOCKED);
  }
  protected load(row: number): void {
    this.#state.start = this.#cells.get(row, START);
    this.#state.spent = this.#cells.get(row, SPENT);
    this.#expires = this.#cells.get(row, EXPIRES);
  }
  protected save(row: number, blockedUntil: number): void {
    this.#cells.set(row, START, this.#state.start);
    this.#cells.set(row, SPENT, this.#state.spent);
    this.#cells.set(row, EXPIRES, this.#expires);
    this.#cells.set(row, BLOCKED, blockedUntil);
  }
  protected reset(): void {
    this.#state.start = 0;
    this.#state.spent = 0;
    this.#expires = 0;
  }
  protected weighState(policy: BudgetPolicy, cost: number, now: number, weighing: Weighing): void {
    weighBudget(policy, this.#state, calendarSpan(policy, now), cost, now, weighing);
  }
  protected debitState(policy: BudgetPolicy, cost: number, now: number): void {
    this.#debit(policy, cost, now);
  }
  protected placeState(policy: BudgetPolicy, cost: number, now: number): Position {
    return [this.#debit(policy, cost, now), 0, 0];
  }
  protected creditState(_policy: BudgetPolicy, cost: number, [start]: Position): void {
    creditBudget(this.#state, cost, start);
  }

  #debit(policy: BudgetPolicy, cost: number, now: number): number {
    const span = calendarSpan(policy, now);
    const start = debitBudget(this.#state, span, cost, now);
    this.#expires = start === span.end ? span.next : span.end;
    return start;
  }
}
