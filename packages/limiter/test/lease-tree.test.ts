import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  createLease,
  firstLease,
  type LeaseNode,
  type LeaseTree,
  lastLease,
  leaseAtSlot,
  withLease,
  withoutLease,
} from "../src/algorithms/lease-tree.ts";

const step = fc.record({
  id: fc.nat({ max: 30 }),
  slots: fc.integer({ min: 1, max: 4 }),
  expires: fc.nat({ max: 20 }),
});

describe("a tree of leases", () => {
  it("says what a sorted list says, whatever comes and goes", () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
        let tree: LeaseTree;
        const held = new Map<string, LeaseNode>();
        for (const { id, slots, expires } of steps) {
          const known = held.get(`${id}`);
          if (known === undefined) {
            const lease = createLease(`${id}`, slots, expires);
            held.set(lease.id, lease);
            tree = withLease(tree, lease);
          } else {
            held.delete(known.id);
            tree = withoutLease(tree, known);
          }
          expectAsList(tree, [...held.values()]);
        }
      }),
    );
  });

  it("is no deeper than it has to be where every lease expires after the one before it", () => {
    let tree: LeaseTree;
    const leases = Array.from({ length: 10_000 }, (_, at) => createLease(`${at}`, 1, at));
    for (const lease of leases) tree = withLease(tree, lease);
    expect(depthOf(tree)).toBeLessThan(100);
    for (const lease of leases.slice(0, 5_000)) tree = withoutLease(tree, lease);
    expect(tree?.total).toBe(5_000);
    expect(depthOf(tree)).toBeLessThan(100);
  });
});

function expectAsList(tree: LeaseTree, held: readonly LeaseNode[]): void {
  const list = held.toSorted((a, b) => a.expires - b.expires);
  const slots = list.flatMap(({ slots, expires }) => new Array<number>(slots).fill(expires));
  expect(tree?.total ?? 0).toBe(slots.length);
  expect(firstLease(tree)?.expires).toBe(list[0]?.expires);
  expect(lastLease(tree)?.expires).toBe(list.at(-1)?.expires);
  const told = slots.map((_, index) => leaseAtSlot(tree, index + 1)?.expires);
  expect(told).toEqual(slots);
  expect(leaseAtSlot(tree, slots.length + 1)).toBeUndefined();
}

function depthOf(tree: LeaseTree): number {
  return tree === undefined ? 0 : 1 + Math.max(depthOf(tree.earlier), depthOf(tree.later));
}
