import type { StrictWindowPolicy } from "../policies/strict-window.ts";
import type { Weighing } from "./weighing.ts";

/**
 * Counts per bucket, newest first: `counts[k]` belongs to the bucket number `newest - k`, and buckets
 * are numbered from the epoch. `buckets + 1` of them touch a window.
 */
export interface StrictWindowState {
  newest: number;
  readonly counts: number[];
}

export function createStrictWindowState(buckets: number): StrictWindowState {
  return { newest: 0, counts: new Array<number>(buckets + 1).fill(0) };
}

/** The bucket of a moment; a clock that has gone back stays in the newest bucket it has seen. */
function bucketAt(policy: StrictWindowPolicy, state: StrictWindowState, now: number): number {
  return Math.max(Math.floor(now / policy.bucketUs), state.newest);
}

export function weighStrictWindow(
  policy: StrictWindowPolicy,
  state: StrictWindowState,
  cost: number,
  now: number,
  weighing: Weighing,
): void {
  const { buckets, bucketUs, limit } = policy;
  const current = bucketAt(policy, state, now);
  const shift = current - state.newest;
  let total = 0;
  let newestUsed = -1;
  for (let k = 0; k + shift <= buckets; k++) {
    const count = state.counts[k] ?? 0;
    total += count;
    if (count > 0 && newestUsed === -1) newestUsed = state.newest - k;
  }
  weighing.pass = total + cost <= limit;
  weighing.takes = cost;
  weighing.remaining = Math.max(0, limit - total);
  weighing.resetUs = newestUsed === -1 ? 0 : (newestUsed + buckets + 1) * bucketUs - now;
  weighing.resetAfterUs = cost > 0 ? (current + buckets + 1) * bucketUs - now : weighing.resetUs;
  weighing.retryAfterUs = weighing.pass
    ? 0
    : cost > limit
      ? Number.POSITIVE_INFINITY
      : retryAfter(policy, state, total + cost - limit, shift, now);
}

/** Buckets leave the window oldest first, each as a whole, until enough is free. */
function retryAfter(
  { buckets, bucketUs }: StrictWindowPolicy,
  { newest, counts }: StrictWindowState,
  needed: number,
  shift: number,
  now: number,
): number {
  let missing = needed;
  let k = buckets - shift + 1;
  while (missing > 0 && k > 0) {
    k -= 1;
    missing -= counts[k] ?? 0;
  }
  return (newest - k + buckets + 1) * bucketUs - now;
}

/** Charges the current bucket, whether it fits or not, and tells which it was. */
export function debitStrictWindow(
  policy: StrictWindowPolicy,
  state: StrictWindowState,
  cost: number,
  now: number,
): number {
  const { newest, counts } = state;
  const current = bucketAt(policy, state, now);
  const shift = current - newest;
  if (shift > 0) {
    for (let k = policy.buckets; k >= 0; k--) counts[k] = k >= shift ? (counts[k - shift] ?? 0) : 0;
    state.newest = current;
  }
  counts[0] = (counts[0] ?? 0) + cost;
  return current;
}

/** Takes back from the bucket that was charged; where that has left the window, nothing is there to take. */
export function creditStrictWindow(state: StrictWindowState, cost: number, bucket: number): void {
  const k = state.newest - bucket;
  const count = state.counts[k];
  if (count !== undefined) state.counts[k] = Math.max(0, count - cost);
}
