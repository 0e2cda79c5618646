import assert from "node:assert/strict";
import {
  budget,
  type Charge,
  concurrency,
  createLimiter,
  gcra,
  memoryStore,
  strictWindow,
} from "@enfilade/limiter";

const limiter = createLimiter({ store: memoryStore() });
const requests = gcra({ name: "requests", limit: 60, per: "minute", burst: 10 });
const tokens = strictWindow({ name: "tokens", limit: 10_000, per: "minute" });
const dollars = budget({ name: "micro-usd", limit: 5_000_000, per: "month", timeZone: "UTC" });
const runs = concurrency({ name: "runs", limit: 2, ttl: 30_000 });

/** What one run of an agent may cost, to its user and to the organisation that pays. */
const charges = (user: string, org: string): Charge[] => [
  { policy: requests, key: user, partition: org },
  { policy: tokens, key: user, partition: org, cost: 4_000 },
  { policy: dollars, key: org, cost: 60_000 },
  { policy: runs, key: user, partition: org },
];

const first = await limiter.reserve(charges("ann", "acme"));
const second = await limiter.reserve(charges("ann", "acme"));
assert(first.decision.admitted && second.decision.admitted);

// The third is refused, by tokens and by slots, and charges nothing: not even a request.
const third = await limiter.reserve(charges("ann", "acme"));
assert.deepEqual(
  third.decision.verdicts.map(({ policy, admitted }) => [policy, admitted]),
  [
    ["requests", true],
    ["tokens", false],
    ["micro-usd", true],
    ["runs", false],
  ],
);
assert(third.decision.retryAfterMs > 0);
const standing = await limiter.peek([{ policy: requests, key: "ann", partition: "acme", cost: 0 }]);
assert.equal(standing.verdicts[0]?.remaining, 8);

// The first is done, and was cheap: what it did not use is there for the next one.
await first.settle({ tokens: 900, "micro-usd": 13_500 });
await first.release();
const fourth = await limiter.reserve(charges("ann", "acme"));
assert(fourth.decision.admitted);

await Promise.all([second.release(), fourth.release()]);
await limiter.close();
