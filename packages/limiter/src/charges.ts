import { randomUUID } from "node:crypto";
import { LIMITER_INVALID_CHARGE } from "./errors.ts";
import { LARGEST_LIMIT } from "./policies/policy.ts";
import type { ResolvedCharge } from "./store.ts";
import type { Charge } from "./types.ts";

/** More in one atomic step would keep a Redis server from its other clients. */
const MAX_CHARGES_PER_PARTITION = 8;

const LEASE_ID = /^[A-Za-z0-9._:-]{1,128}$/;

/**
 * Fills in the defaults of a request's charges, and refuses what cannot be decided.
 *
 * @param leases - whether leases may be made up, because the caller gets to know them
 * @throws LIMITER_INVALID_CHARGE
 */
export function resolveCharges(charges: readonly Charge[], leases: boolean): ResolvedCharge[] {
  const resolved: ResolvedCharge[] = [];
  for (const charge of charges) {
    const one = resolve(charge, leases);
    for (const other of resolved) if (sameCounter(one, other)) refuseTwice(one);
    resolved.push(one);
  }
  if (resolved.length === 0) {
    throw new LIMITER_INVALID_CHARGE("nothing", "there is none", "Give at least one charge.");
  }
  if (resolved.length > MAX_CHARGES_PER_PARTITION) refuseCrowd(resolved);
  return resolved;
}

function resolve(charge: Charge, leases: boolean): ResolvedCharge {
  const { policy, key, cost = 1, partition = key } = charge;
  const refuse = (what: string, fix: string): never => {
    throw new LIMITER_INVALID_CHARGE(String(policy?.name), what, fix);
  };
  if (typeof policy?.id !== "string") refuse("its policy is none", "Make one with gcra() etc.");
  if (typeof key !== "string" || key === "") refuse("its key is empty", "Say whose it is.");
  if (typeof partition !== "string" || partition === "") {
    refuse("its partition is empty", "Leave it out, or name it.");
  }
  if (!Number.isInteger(cost) || cost < 0 || cost > LARGEST_LIMIT) {
    refuse(`its cost is ${String(cost)}`, "Give a whole number from 0.");
  }
  if (policy.kind !== "concurrency") {
    return { policy, key, partition, cost, lease: "", named: false };
  }
  if (charge.lease === undefined && !leases) {
    refuse("it takes a lease that nobody could give back", "Use reserve(), or name the lease.");
  }
  const lease = charge.lease ?? randomUUID();
  if (!LEASE_ID.test(lease)) {
    refuse("its lease is no id", "Give 1 to 128 letters, digits, dots, dashes, colons.");
  }
  return { policy, key, partition, cost, lease, named: charge.lease !== undefined };
}

function sameCounter(one: ResolvedCharge, other: ResolvedCharge): boolean {
  return (
    one.policy.id === other.policy.id && one.key === other.key && one.partition === other.partition
  );
}

function refuseTwice({ policy }: ResolvedCharge): never {
  throw new LIMITER_INVALID_CHARGE(
    policy.name,
    "two charges of one decision have one counter",
    "Add their costs, or give the policies different names.",
  );
}

function refuseCrowd(charges: readonly ResolvedCharge[]): void {
  for (const group of byPartition(charges)) {
    const [first] = group;
    if (first === undefined || group.length <= MAX_CHARGES_PER_PARTITION) continue;
    throw new LIMITER_INVALID_CHARGE(
      first.policy.name,
      `its partition has ${group.length} charges`,
      `Give at most ${MAX_CHARGES_PER_PARTITION} in one decision.`,
    );
  }
}

/** Groups what lies in one partition, in the order in which the partitions first come. */
export function byPartition<T extends { readonly partition: string }>(
  items: readonly T[],
): readonly (readonly T[])[] {
  const [first] = items;
  if (items.every(({ partition }) => partition === first?.partition)) return first ? [items] : [];
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const group = groups.get(item.partition);
    if (group === undefined) groups.set(item.partition, [item]);
    else group.push(item);
  }
  return [...groups.values()];
}
