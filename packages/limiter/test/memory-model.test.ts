import { createClock } from "@enfilade/testing";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  budget,
  concurrency,
  createLimiter,
  type Decision,
  gcra,
  memoryStore,
  type Policy,
  strictWindow,
} from "../src/index.ts";
import { Model } from "./support/model.ts";

const policies = fc.oneof(
  fc
    .record({
      limit: fc.integer({ min: 1, max: 1_000 }),
      per: fc.integer({ min: 1, max: 90_000 }),
      burst: fc.integer({ min: 1, max: 50 }),
    })
    .map((options) => gcra({ name: "p", ...options })),
  fc
    .record({
      limit: fc.integer({ min: 1, max: 200 }),
      per: fc.integer({ min: 1, max: 90_000 }),
      buckets: fc.integer({ min: 1, max: 15 }),
    })
    .map((options) => strictWindow({ name: "p", ...options })),
  fc
    .record({
      limit: fc.integer({ min: 1, max: 200 }),
      per: fc.constantFrom("day" as const, "month" as const),
      timeZone: fc.constantFrom("UTC", "Europe/Berlin", "Asia/Kathmandu", "America/Havana"),
    })
    .map((options) => budget({ name: "p", ...options })),
  fc
    .record({ limit: fc.integer({ min: 1, max: 8 }), ttl: fc.integer({ min: 1, max: 60_000 }) })
    .map((options) => concurrency({ name: "p", ...options })),
);

/** Steps of time that matter: none, a little, about a window, and days for budgets. */
const waits = fc.oneof(
  fc.constant(0),
  fc.integer({ min: 0, max: 20 }),
  fc.integer({ min: 0, max: 100_000 }),
  fc.integer({ min: 0, max: 90_000_000 }),
);
const steps = fc.array(
  fc.record({ wait: waits, cost: fc.integer({ min: 0, max: 60 }), lease: fc.nat({ max: 5 }) }),
  { minLength: 1, maxLength: 40 },
);

function charge(policy: Policy, cost: number, lease: number) {
  const id = policy.kind === "concurrency" ? { lease: `lease-${lease}` } : {};
  return { policy, key: "k", cost, ...id };
}

describe("the memory store against the definitions", () => {
  it("admits exactly what a log of everything would, and tells exactly what is left and when", () => {
    fc.assert(
      fc.property(policies, steps, (policy, script) => {
        const clock = createClock();
        const limiter = createLimiter({ store: memoryStore({ now: clock.now }) });
        const model = new Model();
        for (const { wait, cost, lease } of script) {
          clock.advance(wait);
          const at = clock.now() * 1_000;
          const asked = { policy, counter: "k", cost, lease: `lease-${lease}` };
          const admitted = model.admits(asked, at);
          if (!admitted)
            expectRetryAfter(model, asked, at, limiter.decide([charge(policy, cost, lease)]));
          else expect(limiter.decide([charge(policy, cost, lease)])).toMatchObject({ admitted });
          if (admitted && (cost > 0 || policy.kind !== "concurrency")) model.log(asked, at);
          const [verdict] = (limiter.peek([charge(policy, 1, 99)]) as Decision).verdicts;
          expect(verdict?.remaining).toBe(
            Math.max(0, model.remaining(asked, at) - (verdict?.admitted ? 1 : 0)),
          );
        }
      }),
      { numRuns: 200 },
    );
  });

  it("decides several policies together: all of them, or none is touched", () => {
    fc.assert(
      fc.property(fc.array(policies, { minLength: 2, maxLength: 4 }), steps, (drawn, script) => {
        const named = drawn.map((policy, index) => ({
          ...policy,
          name: `p${index}`,
          id: `${policy.id}${index}`,
        }));
        const clock = createClock();
        const limiter = createLimiter({ store: memoryStore({ now: clock.now }) });
        const model = new Model();
        for (const { wait, cost, lease } of script) {
          clock.advance(wait);
          const asked = named.map((policy) => ({
            policy,
            counter: policy.name,
            cost: cost + 1,
            lease: `lease-${lease}`,
          }));
          const decision = limiter.decide(named.map((policy) => charge(policy, cost + 1, lease)));
          expect(decision).toMatchObject({ admitted: model.decide(asked, clock.now() * 1_000) });
        }
      }),
      { numRuns: 200 },
    );
  });
});

function expectRetryAfter(
  model: Model,
  asked: Parameters<Model["admits"]>[0],
  at: number,
  answer: unknown,
): void {
  const decision = answer as Decision;
  expect(decision.admitted).toBe(false);
  const { retryAfterMs } = decision;
  if (retryAfterMs === Number.POSITIVE_INFINITY) {
    expect(asked.cost).toBeGreaterThan(asked.policy.capacity);
    return;
  }
  expect(model.admits(asked, at + retryAfterMs * 1_000)).toBe(true);
  expect(model.admits(asked, at + (retryAfterMs - 1) * 1_000)).toBe(false);
}
