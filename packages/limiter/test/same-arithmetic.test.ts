import { setTimeout } from "node:timers/promises";
import { createRedis, type Redis } from "@enfilade/redis";
import { anyRedis } from "@enfilade/testing";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { budget, concurrency, gcra, memoryStore, type Policy, strictWindow } from "../src/index.ts";
import type { Adjustment, DecideMode, Lease, ResolvedCharge } from "../src/store.ts";
import { LoggedStore } from "./support/logged-store.ts";

let server: Awaited<ReturnType<typeof anyRedis>>;
let redis: Redis;
beforeAll(async () => {
  server = await anyRedis();
  redis = createRedis({ url: server.url, deadlineMs: 10_000 });
  await redis.ready();
});
afterAll(async () => {
  await redis.close();
  await server.stop();
});

/**
 * Some so fast that windows pass, counters drain and keys expire while a script runs, and some so slow
 * that everything is still there when it is refunded.
 */
const policies = fc.oneof(
  fc
    .record({
      limit: fc.integer({ min: 1, max: 999 }),
      per: fc.oneof(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 5_000, max: 90_000 })),
      burst: fc.integer({ min: 1, max: 30 }),
    })
    .map((options) => gcra(options)),
  fc
    .record({
      limit: fc.integer({ min: 1, max: 60 }),
      per: fc.oneof(fc.integer({ min: 1, max: 12 }), fc.integer({ min: 5_000, max: 90_000 })),
      buckets: fc.integer({ min: 1, max: 6 }),
    })
    .map((options) => strictWindow(options)),
  fc
    .record({
      limit: fc.integer({ min: 1, max: 200 }),
      per: fc.constantFrom("day", "month"),
      timeZone: fc.constantFrom("UTC", "Asia/Kolkata"),
    })
    .map((options) => budget(options)),
  fc
    .record({ limit: fc.integer({ min: 1, max: 5 }), ttl: fc.integer({ min: 1, max: 10 }) })
    .map((options) => concurrency(options)),
);

const steps = fc.array(
  fc.record({
    wait: fc.oneof(
      { weight: 6, arbitrary: fc.constant(0) },
      { weight: 1, arbitrary: fc.integer({ min: 1, max: 8 }) },
    ),
    what: fc.constantFrom("charge", "reserve", "reserve", "peek", "adjust", "adjust", "leases"),
    cost: fc.oneof(fc.integer({ min: 0, max: 4 }), fc.integer({ min: 0, max: 35 })),
    which: fc.nat({ max: 30 }),
    /** Now and then a position from elsewhere: of a bucket, a window or a lifetime that is gone. */
    astray: fc.integer({ min: 0, max: 2 }),
  }),
  { minLength: 1, maxLength: 40 },
);

let keys = 0;

describe("memory and Redis", () => {
  it("say the same to the microsecond, charge by charge and refund by refund", {
    timeout: 60_000,
  }, async () => {
    await fc.assert(
      fc.asyncProperty(policies, steps, async (policy, script) => {
        let clock = 0;
        const inRedis = new LoggedStore(redis);
        const inMemory = memoryStore({ now: () => clock / 1_000 });
        const key = `same:${process.pid}:${++keys}`;
        const ranAt = () => {
          clock = inRedis.log.at(-1)?.at ?? 0;
        };
        const held: Adjustment[] = [];

        for (const { wait, what, cost, which, astray } of script) {
          if (wait > 0) await setTimeout(wait);
          const charge = chargeOf(policy, key, cost, which);
          if (what === "leases") {
            if (policy.kind !== "concurrency") continue;
            const lease = charge as Lease;
            if (which % 2 === 0) await inRedis.renew([lease]);
            else await inRedis.release([lease]);
            ranAt();
            if (which % 2 === 0) inMemory.renew([lease]);
            else inMemory.release([lease]);
          } else if (what === "adjust") {
            const target = held[which % Math.max(1, held.length)];
            if (target === undefined || policy.kind === "concurrency") continue;
            held.splice(held.indexOf(target), 1);
            const [first, second, third] = target.position;
            const elsewhere = astray === 0 ? 1 : 0;
            const adjustment: Adjustment = {
              charge: target.charge,
              delta: cost - target.charge.cost,
              position: [first - elsewhere * (which % 3), second, third - elsewhere * (which % 2)],
            };
            await inRedis.adjust([adjustment]);
            ranAt();
            inMemory.adjust([adjustment]);
          } else {
            const mode: DecideMode = what;
            const answer = await inRedis.decide([charge], mode);
            if (mode === "peek") clock = Math.round(answer.decision.atMs * 1_000);
            else ranAt();
            const expected = inMemory.decide([charge], mode);
            expect(plain(answer.decision.verdicts, policy)).toEqual(
              plain(expected.decision.verdicts, policy),
            );
            if (mode !== "reserve") continue;
            expect(answer.positions).toEqual(expected.positions);
            const [position] = answer.positions;
            if (position !== undefined && cost > 0) held.push({ charge, delta: 0, position });
          }
        }
      }),
      { numRuns: 400, interruptAfterTimeLimit: 40_000 },
    );
  });
});

function chargeOf(policy: Policy, key: string, cost: number, which: number): ResolvedCharge {
  const leases = policy.kind === "concurrency";
  return {
    policy,
    key,
    partition: key,
    cost: leases ? 1 + (cost % 3) : cost,
    lease: leases ? `lease-${which % 4}` : "",
    named: leases,
  };
}

/** A lease's reset is the whole set's expiry in Redis, which does not shrink with a release. */
function plain(verdicts: readonly object[], policy: Policy): object[] {
  if (policy.kind !== "concurrency") return [...verdicts];
  return verdicts.map((verdict) => ({ ...verdict, resetMs: undefined }));
}
