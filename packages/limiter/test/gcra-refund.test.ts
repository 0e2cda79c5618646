import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  createGcraState,
  creditGcra,
  debitGcra,
  placeGcra,
  weighGcra,
} from "../src/algorithms/gcra.ts";
import { createWeighing, type Position } from "../src/algorithms/weighing.ts";
import { gcra } from "../src/index.ts";

interface Placed {
  readonly at: number;
  readonly cost: number;
  readonly position: Position;
  refunded: number;
}

const steps = fc.array(
  fc.record({
    wait: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 3_000_000 })),
    cost: fc.integer({ min: 1, max: 5 }),
    refund: fc.integer({ min: 0, max: 5 }),
    which: fc.nat({ max: 20 }),
  }),
  { minLength: 1, maxLength: 60 },
);

/** The backlog of a bucket in which the charges had never been dearer than they are now, in µs. */
function idealBacklog(charges: readonly Placed[], unitUs: number, now: number): number {
  let busyUntil = 0;
  for (const { at, cost, refunded } of charges) {
    busyUntil = Math.max(busyUntil, at) + (cost - refunded) * unitUs;
  }
  return Math.max(0, busyUntil - now);
}

describe("refunds of a gcra", () => {
  it("never give back more than if the charge had been right from the start", () => {
    fc.assert(
      fc.property(steps, (script) => {
        const policy = gcra({ limit: 1, per: 1_000, burst: 20 });
        const state = createGcraState();
        const charges: Placed[] = [];
        let now = 1_000_000_000;
        for (const { wait, cost, refund, which } of script) {
          now += wait;
          const open = charges[which];
          if (open !== undefined && refund > 0 && open.refunded === 0) {
            const part = Math.min(refund, open.cost);
            creditGcra(policy, state, part, open.position, now);
            open.refunded = part;
          } else {
            const position = placeGcra(policy, state, cost, now);
            charges.push({ at: now, cost, position, refunded: 0 });
          }
          const backlog = Math.max(0, state.whole - now);
          expect(backlog).toBeGreaterThanOrEqual(idealBacklog(charges, 1_000_000, now));
        }
      }),
      { numRuns: 500 },
    );
  });

  it("give back all of it while the counter is busy, in any order and number", () => {
    const policy = gcra({ limit: 7, per: 1_000, burst: 1_000 });
    const state = createGcraState();
    const now = 1_000_000_000;
    debitGcra(policy, state, 500, now);
    const placed = [3, 11, 5, 7].map((cost) => ({
      cost,
      position: placeGcra(policy, state, cost, now),
    }));
    for (const { cost, position } of [...placed].reverse()) {
      creditGcra(policy, state, cost, position, now + 60_000);
    }
    const weighing = createWeighing();
    weighGcra(policy, state, 500, now, weighing);
    expect(weighing).toMatchObject({ pass: true, remaining: 500 });
    weighGcra(policy, state, 501, now, weighing);
    expect(weighing.pass).toBe(false);
  });

  it("give back nothing of a counter that has begun anew", () => {
    const policy = gcra({ limit: 1, per: 1_000, burst: 20 });
    const position = placeGcra(policy, createGcraState(), 10, 1_000_000_000);
    const another = createGcraState();
    placeGcra(policy, another, 10, 1_001_000_000);
    const before = { ...another };
    creditGcra(policy, another, 10, position, 1_001_000_000);
    expect(another).toEqual(before);
  });
});
