import type { ConcurrencyPolicy } from "../policies/concurrency.ts";
import {
  createLease,
  firstLease,
  type LeaseNode,
  type LeaseTree,
  lastLease,
  leaseAtSlot,
  withLease,
  withoutLease,
} from "./lease-tree.ts";
import type { Weighing } from "./weighing.ts";

/** The leases of one key, by id and by the time at which they expire. */
export interface LeaseState {
  readonly byId: Map<string, LeaseNode>;
  tree: LeaseTree;
}

export function createLeaseState(): LeaseState {
  return { byId: new Map(), tree: undefined };
}

/** Forgets the leases whose holders have not renewed them. */
export function expireLeases(state: LeaseState, now: number): void {
  for (;;) {
    const first = firstLease(state.tree);
    if (first === undefined || first.expires > now) return;
    dropLease(state, first.id);
  }
}

/** Counts the slots that are taken, of a state without expired leases. */
export function takenSlots({ tree }: LeaseState): number {
  return tree?.total ?? 0;
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
  const isHeld = state.byId.has(id);
  const taken = takenSlots(state);
  const last = Math.max(now, lastLease(state.tree)?.expires ?? now);
  weighing.pass = isHeld || taken + slots <= policy.limit;
  weighing.takes = isHeld ? 0 : slots;
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
function untilFree({ tree }: LeaseState, needed: number, now: number): number {
  return (leaseAtSlot(tree, needed)?.expires ?? now) - now;
}

/** Takes or renews a lease. A renewal keeps its slots, and never shortens its life. */
export function holdLease(
  policy: ConcurrencyPolicy,
  state: LeaseState,
  id: string,
  slots: number,
  now: number,
): void {
  const held = state.byId.get(id);
  const expires = now + policy.ttlMs * 1_000;
  if (held !== undefined && held.expires >= expires) return;
  if (held !== undefined) state.tree = withoutLease(state.tree, held);
  const lease = createLease(id, held?.slots ?? slots, expires);
  state.tree = withLease(state.tree, lease);
  state.byId.set(id, lease);
}

/** Gives a lease back; tells whether there was one. */
export function dropLease(state: LeaseState, id: string): boolean {
  const held = state.byId.get(id);
  if (held === undefined) return false;
  state.tree = withoutLease(state.tree, held);
  return state.byId.delete(id);
}
