import type { BudgetPolicy } from "../policies/budget.ts";
import type { Weighing } from "./weighing.ts";

/** What has been spent in the calendar window that began at `start`. */
export interface BudgetState {
  start: number;
  spent: number;
}

export function createBudgetState(): BudgetState {
  return { start: 0, spent: 0 };
}

/** A calendar window and the one after it: `[start, end)` and `[end, next)`, in microseconds. */
export interface CalendarSpan {
  readonly start: number;
  readonly end: number;
  readonly next: number;
}

/** The start of the window that a moment is charged to; a clock that has gone back stays in the newer. */
function windowStart(state: BudgetState, span: CalendarSpan, now: number): number {
  return now >= span.end || state.start >= span.end ? span.end : span.start;
}

export function weighBudget(
  policy: BudgetPolicy,
  state: BudgetState,
  span: CalendarSpan,
  cost: number,
  now: number,
  weighing: Weighing,
): void {
  const start = windowStart(state, span, now);
  const end = start === span.end ? span.next : span.end;
  const spent = state.start >= start ? state.spent : 0;
  weighing.pass = spent + cost <= policy.limit;
  weighing.takes = cost;
  weighing.remaining = Math.max(0, policy.limit - spent);
  weighing.resetUs = spent > 0 ? end - now : 0;
  weighing.resetAfterUs = spent + cost > 0 ? end - now : 0;
  weighing.retryAfterUs = weighing.pass
    ? 0
    : cost > policy.limit
      ? Number.POSITIVE_INFINITY
      : end - now;
}

/** Charges the current window, whether it fits or not, and tells where that began. */
export function debitBudget(
  state: BudgetState,
  span: CalendarSpan,
  cost: number,
  now: number,
): number {
  const start = windowStart(state, span, now);
  if (state.start < start) {
    state.start = start;
    state.spent = 0;
  }
  state.spent += cost;
  return start;
}

/** Takes back from the window that was charged; a late refund to a window that is over is dropped. */
export function creditBudget(state: BudgetState, cost: number, start: number): void {
  if (state.start === start) state.spent = Math.max(0, state.spent - cost);
}
