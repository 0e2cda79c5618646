import { memoryStore } from "@enfilade/limiter";
import { createClock } from "@enfilade/testing";
import fc from "fast-check";
import { expect, test } from "vitest";
import { type BareRun, createMeter } from "./support/meter.ts";

const LIMITS = { requests: 6, tokens: 100, runs: 2, all: 3 };
const ESTIMATE = 20;
const ADDRESSES = ["10.0.0.1", "10.0.0.2"] as const;

/** What ought to be: plain sums. */
class Model {
  readonly used = new Map<string, { requests: number; tokens: number; runs: number }>(
    ADDRESSES.map((address) => [address, { requests: 0, tokens: 0, runs: 0 }]),
  );

  of(address: string) {
    const own = this.used.get(address);
    if (own === undefined) throw new Error("unreachable: an unknown address");
    return own;
  }

  admits(address: string): boolean {
    const { requests, tokens, runs } = this.of(address);
    const all = ADDRESSES.reduce((sum, one) => sum + this.of(one).runs, 0);
    return (
      requests < LIMITS.requests &&
      tokens + ESTIMATE <= LIMITS.tokens &&
      runs < LIMITS.runs &&
      all < LIMITS.all
    );
  }
}

/** A run in the model: what is counted for it, and whether it holds a place. */
interface Mirror extends BareRun {
  readonly address: string;
  reserved: number;
  charged: number;
  exhausted: boolean;
  holds: boolean;
  open: boolean;
}

const index = fc.nat(9);
const step = fc.oneof(
  fc.record({ do: fc.constant("begin" as const), on: index }),
  fc.record({ do: fc.constant("charge" as const), on: index, tokens: fc.nat(30) }),
  fc.record({ do: fc.constant("settle" as const), on: index, tokens: fc.nat(60) }),
  fc.record({ do: fc.constant("cancel" as const), on: index }),
  fc.record({ do: fc.constant("leave" as const), on: index }),
  fc.record({ do: fc.constant("detach" as const), on: index }),
);

test("whatever runs do, in any order, their callers are charged what plain sums say, and never run more at once", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
      const { meter, begin } = createMeter({
        store: memoryStore({ now: createClock().now }),
        policies: {
          requests: { counts: "requests", limit: LIMITS.requests, per: "hour", by: "address" },
          tokens: { counts: "tokens", limit: LIMITS.tokens, per: "day", by: "address" },
          runs: { counts: "runs", limit: LIMITS.runs, by: "address" },
          all: { counts: "runs", limit: LIMITS.all, by: "server" },
        },
        estimate: () => ({ tokens: ESTIMATE }),
      });
      const model = new Model();
      const runs: Mirror[] = [];

      const end = (mirror: Mirror, tokens: number, requests = 1) => {
        const own = model.of(mirror.address);
        own.tokens += tokens - mirror.reserved;
        own.requests += requests - 1;
        if (mirror.holds) own.runs -= 1;
        mirror.holds = false;
        mirror.open = false;
      };

      for (const one of steps) {
        if (one.do === "begin") {
          const address = ADDRESSES[one.on % 2] as string;
          const expected = model.admits(address);
          const begun = await begin(address).catch(() => undefined);
          expect(begun !== undefined).toBe(expected);
          if (begun === undefined) continue;
          const own = model.of(address);
          own.requests += 1;
          own.tokens += ESTIMATE;
          own.runs += 1;
          runs.push({
            ...begun,
            address,
            reserved: ESTIMATE,
            charged: 0,
            exhausted: false,
            holds: true,
            open: true,
          });
          continue;
        }
        const mirror = runs[one.on % Math.max(1, runs.length)];
        if (mirror === undefined) continue;
        const own = model.of(mirror.address);
        if (one.do === "charge") {
          const goesOn = await mirror.run.charge({ tokens: one.tokens });
          if (!mirror.open) {
            expect(goesOn).toBe(false);
            continue;
          }
          mirror.charged += one.tokens;
          const missing = mirror.charged - mirror.reserved;
          if (missing > 0 && !mirror.exhausted) {
            if (own.tokens + missing <= LIMITS.tokens) {
              own.tokens += missing;
              mirror.reserved += missing;
            } else {
              mirror.exhausted = true;
            }
          }
          expect(goesOn).toBe(!mirror.exhausted);
        } else if (one.do === "settle") {
          await mirror.run.settle({ tokens: one.tokens });
          if (mirror.open) end(mirror, one.tokens);
        } else if (one.do === "cancel") {
          await mirror.run.cancel();
          if (mirror.open) end(mirror, 0, 0);
        } else if (one.do === "detach") {
          // A place that was given back is not taken again.
          if (mirror.holds) mirror.run.detach();
        } else {
          mirror.leave(true);
          await mirror.run.settle();
          if (mirror.open) end(mirror, Math.max(ESTIMATE, mirror.charged));
        }
        expect(own.runs).toBeLessThanOrEqual(LIMITS.runs);
      }

      const { limiter, settings } = meter;
      for (const address of ADDRESSES) {
        const peek = async (name: keyof typeof LIMITS) => {
          const policy = settings.policies.get(name)?.policyFor(100_000);
          if (policy === undefined) throw new Error("unreachable: it is one of the policies");
          const key = `address:${address}`;
          const { verdicts } = await limiter.peek([{ policy, key, cost: 0 }]);
          return 100_000 - (verdicts[0]?.remaining ?? Number.NaN);
        };
        expect({
          requests: await peek("requests"),
          tokens: await peek("tokens"),
          runs: await peek("runs"),
        }).toEqual(model.of(address));
      }
    }),
    { numRuns: 200 },
  );
});
