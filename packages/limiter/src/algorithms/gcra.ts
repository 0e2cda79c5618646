import type { GcraPolicy } from "../policies/gcra.ts";
import type { Position, Weighing } from "./weighing.ts";

/**
 * The theoretical arrival time (TAT) of the next unit, as `whole + rest / scale` microseconds: the
 * fraction is kept exactly, because a rounding per charge would add up.
 *
 * A charge takes the span of time from the TAT before it to the TAT after it. A refund may only take
 * back what of that span still lies in the future, else it would credit time that has flowed back
 * already. Refunds of charges ahead move the span: `refunded` tells by how much at most. A counter that
 * has been full in between has nothing left of earlier charges: `birth` tells.
 */
export interface GcraState {
  whole: number;
  rest: number;
  /** Microseconds refunded since `birth`. */
  refunded: number;
  /** When the first charge with a position came since the counter was last full; 0 before it. */
  birth: number;
}

export function createGcraState(): GcraState {
  return { whole: 0, rest: 0, refunded: 0, birth: 0 };
}

export function weighGcra(
  policy: GcraPolicy,
  state: GcraState,
  cost: number,
  now: number,
  weighing: Weighing,
): void {
  const { scale, stepWhole, stepRest, toleranceWhole, toleranceRest, step } = policy;
  const busy = state.whole >= now;
  const aheadWhole = busy ? state.whole - now : 0;
  const aheadRest = busy ? restOf(state, scale) : 0;
  let nextWhole = aheadWhole + cost * stepWhole + Math.floor((cost * stepRest) / scale);
  let nextRest = aheadRest + ((cost * stepRest) % scale);
  if (nextRest >= scale) {
    nextRest -= scale;
    nextWhole += 1;
  }
  const freeWhole = toleranceWhole - aheadWhole;
  const free = freeWhole * scale + toleranceRest - aheadRest;
  weighing.pass =
    nextWhole < toleranceWhole || (nextWhole === toleranceWhole && nextRest <= toleranceRest);
  weighing.takes = cost;
  weighing.remaining = free > 0 ? Math.floor(free / step) : 0;
  weighing.resetUs = aheadWhole + (aheadRest > 0 ? 1 : 0);
  weighing.resetAfterUs = nextWhole + (nextRest > 0 ? 1 : 0);
  weighing.retryAfterUs = weighing.pass
    ? 0
    : cost > policy.burst
      ? Number.POSITIVE_INFINITY
      : nextWhole - toleranceWhole + (nextRest > toleranceRest ? 1 : 0);
}

/** Charges, whether it fits or not. */
export function debitGcra(policy: GcraPolicy, state: GcraState, cost: number, now: number): void {
  const { scale, stepWhole, stepRest } = policy;
  if (state.whole < now) begin(state, now);
  state.rest = restOf(state, scale) + ((cost * stepRest) % scale);
  state.whole += cost * stepWhole + Math.floor((cost * stepRest) / scale);
  if (state.rest >= scale) {
    state.rest -= scale;
    state.whole += 1;
  }
}

/** Charges and tells where, for a later refund. */
export function placeGcra(
  policy: GcraPolicy,
  state: GcraState,
  cost: number,
  now: number,
): Position {
  if (state.whole < now) begin(state, now);
  if (state.birth === 0) state.birth = now;
  debitGcra(policy, state, cost, now);
  return [state.whole, state.refunded, state.birth];
}

/**
 * Takes back what of a charge has not flowed back by itself. Never more than that: the stated bound
 * holds whatever is refunded.
 *
 * A position of birth 0 has only its end: the end if nothing had been ahead of it.
 */
export function creditGcra(
  policy: GcraPolicy,
  state: GcraState,
  cost: number,
  [end, refundedThen, birth]: Position,
  now: number,
): void {
  if (birth !== 0 && birth !== state.birth) return;
  const moved = birth === 0 ? 0 : state.refunded - refundedThen;
  const room = Math.min(end - moved, state.whole) - now;
  if (room <= 0) return;
  const { scale, stepWhole, stepRest } = policy;
  let whole = cost * stepWhole + Math.floor((cost * stepRest) / scale);
  let rest = (cost * stepRest) % scale;
  if (whole >= room) {
    whole = room;
    rest = 0;
  }
  state.whole -= whole;
  state.rest = restOf(state, scale) - rest;
  if (state.rest < 0) {
    state.rest += scale;
    state.whole -= 1;
  }
  state.refunded += whole + (rest > 0 ? 1 : 0);
}

/** A counter that is full is as good as new. */
function begin(state: GcraState, now: number): void {
  state.whole = now;
  state.rest = 0;
  state.refunded = 0;
  state.birth = 0;
}

/** A fraction written by a policy of another limit is at most one microsecond: less than it may be wrong by. */
function restOf(state: GcraState, scale: number): number {
  return state.rest < scale ? state.rest : scale - 1;
}
