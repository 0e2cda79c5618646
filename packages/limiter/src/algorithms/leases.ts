import type { ConcurrencyPolicy } from "../policies/concurrency.ts";
import type { Weighing } from "./weighing.ts";

/** Leases by id: when they expire, and how many slots they hold. */
export type LeaseState = Map<string, { expires: number; slots: number }>;

/** Forgets the leases whose holders have not renewed them. */
export function expireLeases(state: LeaseState, now: number): void {
  for (const [id, lease] of state) if (lease.expires <= now) state.delete(id);
}

/** Counts the slots that are taken, of a state without expired leases. */
export function takenSlots(state: LeaseState): number {
  let taken = 0;
  for (const lease of state.values()) taken += lease.slots;
  return taken;
}

/** Weighs a lease on a state without expired ones; an id that is there already passes: it renews. */
export function weighLease(
  policy: ConcurrencyPolicy,
  state: LeaseState,
  id: string,
  slots: number,
  now: number,
  weighing: Weighing,
): void {
  const held = state.get(id);
  let taken = 0;
  let last = now;
  for (const lease of state.values()) {
    taken += lease.slots;
    if (lease.expires > last) last = lease.expires;
  }
  weighing.pass = held !== undefined || taken + slots <= policy.limit;
  weighing.takes = held === undefined ? slots : 0;
  weighing.remaining = Math.max(0, policy.limit - taken);
  weighing.resetUs = last - now;
  weighing.resetAfterUs = Math.max(last - now, policy.ttlMs * 1_000);
  weighing.retryAfterUs = weighing.pass
    ? 0
    : slots > policy.limit
      ? Number.POSITIVE_INFINITY
      : untilFree(state, taken + slots - policy.limit, now);
}

/** Until enough leases would expire, should nobody renew or release. */
function untilFree(state: LeaseState, needed: number, now: number): number {
  let missing = needed;
  for (const lease of [...state.values()].sort((a, b) => a.expires - b.expires)) {
    missing -= lease.slots;
    if (missing <= 0) return lease.expires - now;
  }
  return 0;
}

/** Takes or renews a lease. A renewal keeps its slots, and never shortens its life. */
export function holdLease(
  policy: ConcurrencyPolicy,
  state: LeaseState,
  id: string,
  slots: number,
  now: number,
): void {
  const held = state.get(id);
  const expires = now + policy.ttlMs * 1_000;
  if (held === undefined) state.set(id, { expires, slots });
  else held.expires = Math.max(held.expires, expires);
}
