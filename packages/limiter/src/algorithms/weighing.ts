/**
 * What one algorithm says about one charge before anything is written; times in whole microseconds.
 *
 * Mutable and meant for reuse: a decision in memory allocates nothing but its answer.
 */
export interface Weighing {
  pass: boolean;
  /** What the charge takes of it: its cost, or nothing where it renews a lease. */
  takes: number;
  /** What is left before the charge. */
  remaining: number;
  /** Until the same charge passes if nothing else is charged; `Infinity` for never. */
  retryAfterUs: number;
  /** Until everything is available again, without this charge … */
  resetUs: number;
  /** … and with it. */
  resetAfterUs: number;
}

export function createWeighing(): Weighing {
  return { pass: false, takes: 0, remaining: 0, retryAfterUs: 0, resetUs: 0, resetAfterUs: 0 };
}

/**
 * Where a charge lies in its counter, so that a refund takes back what is still there and no more.
 * Gcra: end, refunds so far, birth. Strict window: bucket. Budget: start of the window. Lease: whether it
 * was held before.
 */
export type Position = readonly [number, number, number];

/** The position of charges that cannot be found again. */
export const NOWHERE: Position = Object.freeze([0, 0, 0]);

/** The position of a lease that its holder had already. */
export const HELD_BEFORE: Position = Object.freeze([1, 0, 0]);
