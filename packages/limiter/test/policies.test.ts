import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  type BudgetOptions,
  budget,
  type Charge,
  type ConcurrencyOptions,
  concurrency,
  createLimiter,
  type GcraOptions,
  gcra,
  type LimiterOptions,
  memoryStore,
  type StrictWindowOptions,
  strictWindow,
} from "../src/index.ts";

const refusal = (message: RegExp) =>
  expect.objectContaining({
    code: "LIMITER_INVALID_OPTION",
    message: expect.stringMatching(message),
  });

describe("gcra()", () => {
  const good = { limit: 60, per: "minute", burst: 10 } as const;
  it.each<[object, RegExp]>([
    [{ limit: 0 }, /gcra: the option limit is 0\. Give a whole number from 1/],
    [{ limit: 1.5 }, /limit is 1\.5/],
    [{ limit: "60" }, /limit is "60"/],
    [{ burst: undefined }, /burst is undefined/],
    [{ burst: -1 }, /burst is -1/],
    [{ per: 0 }, /per is 0/],
    [{ per: "week" }, /per is "week"\. Give whole milliseconds .* second, minute, hour, day/],
    [{ per: Number.POSITIVE_INFINITY }, /per is Infinity/],
    [{ name: null }, /name is null/],
    [{ onStoreError: null }, /onStoreError is null/],
    [{ name: "{user}" }, /name is "{user}"/],
    [{ name: "x".repeat(65) }, /name is "x+…\. Give up to 64 letters/],
    [{ onStoreError: "shut" }, /onStoreError is "shut"\. Use "local", "open" or "closed"/],
    [{ window: 5 }, /window is unknown\. Use one of name, onStoreError, limit, per, burst/],
    [{ limit: 999_983, per: "day", burst: 999_983 }, /burst is 999983\. Together with limit/],
  ])("refuses %j", (part, message) => {
    expect(() => gcra({ ...good, ...part } as GcraOptions)).toThrow(refusal(message));
  });

  it.each([undefined, null, 5])("refuses %j in place of options", (options) => {
    for (const make of [gcra, strictWindow, budget, concurrency, createLimiter]) {
      expect(() => (make as (options: unknown) => unknown)(options)).toThrow(
        refusal(/: the option object is .*\. Give one with some of (name|store), /),
      );
    }
  });

  it("tells the option and the fix to those who know it by another name", () => {
    expect(() => gcra({ ...good, limit: 0 })).toThrow(
      expect.objectContaining({
        option: "limit",
        fix: expect.stringContaining("Give a whole number from 1"),
      }),
    );
  });

  it("makes a plain frozen value", () => {
    expect(gcra(good)).toMatchObject({
      kind: "gcra",
      name: "gcra",
      id: "g:gcra",
      capacity: 10,
      periodMs: 60_000,
      onStoreError: "local",
    });
    expect(Object.isFrozen(gcra(good))).toBe(true);
  });

  it("keeps every number exact that it accepts", () => {
    const options = fc.record({
      limit: fc.integer({ min: 1, max: 2 ** 40 }),
      per: fc.integer({ min: 1, max: 86_400_000 }),
      burst: fc.integer({ min: 1, max: 2 ** 40 }),
    });
    fc.assert(
      fc.property(options, (drawn) => {
        let policy: ReturnType<typeof gcra>;
        try {
          policy = gcra(drawn);
        } catch {
          return;
        }
        const { toleranceWhole, toleranceRest, scale } = policy;
        const exact = BigInt(drawn.burst) * BigInt(drawn.per) * 1_000n;
        const kept = BigInt(toleranceWhole) * BigInt(scale) + BigInt(toleranceRest);
        expect(kept * BigInt(drawn.limit)).toBe(exact * BigInt(scale));
      }),
      { numRuns: 500 },
    );
  });
});

describe("strictWindow()", () => {
  const good = { limit: 100, per: "minute" } as const;
  it.each<[object, RegExp]>([
    [{ limit: -5 }, /strict-window: the option limit is -5/],
    [{ limit: 2 ** 53 }, /limit is 9007199254740992/],
    [{ buckets: 0 }, /buckets is 0\. Give a whole number from 1 to 120/],
    [{ buckets: 500 }, /buckets is 500/],
    [{ buckets: null }, /buckets is null/],
    [{ burst: 5 }, /burst is unknown\. Use one of/],
  ])("refuses %j", (part, message) => {
    expect(() => strictWindow({ ...good, ...part } as StrictWindowOptions)).toThrow(
      refusal(message),
    );
  });

  it("has buckets that are together never shorter than the window", () => {
    const { bucketUs, buckets } = strictWindow({ limit: 1, per: 1_000, buckets: 7 });
    expect(bucketUs).toBe(142_858);
    expect(bucketUs * buckets).toBeGreaterThanOrEqual(1_000_000);
  });
});

describe("budget()", () => {
  const good = { limit: 100, per: "day" } as const;
  it.each<[object, RegExp]>([
    [{ per: "week" }, /budget: the option per is "week"\. Use "day" or "month"/],
    [{ per: 86_400_000 }, /per is 86400000/],
    [{ timeZone: "Mars/Olympus" }, /timeZone is "Mars\/Olympus"\. Give an IANA name/],
    [{ timeZone: 2 }, /timeZone is 2/],
    [{ timeZone: null }, /timeZone is null/],
  ])("refuses %j", (part, message) => {
    expect(() => budget({ ...good, ...part } as BudgetOptions)).toThrow(refusal(message));
  });

  it("stays shut while nobody can count, and knows a zone by one name", () => {
    expect(budget(good).onStoreError).toBe("closed");
    expect(budget({ ...good, timeZone: "utc" }).id).toBe(budget(good).id);
  });
});

describe("concurrency()", () => {
  it.each<[object, RegExp]>([
    [{ limit: 0 }, /concurrency: the option limit is 0/],
    [{ limit: 100_001 }, /limit is 100001/],
    [{ limit: 1, ttl: 0 }, /ttl is 0/],
    [{ limit: 1, ttl: null }, /ttl is null/],
    [{ limit: 1, ttlMs: 5 }, /ttlMs is unknown\. Use one of/],
  ])("refuses %j", (options, message) => {
    expect(() => concurrency(options as ConcurrencyOptions)).toThrow(refusal(message));
  });
});

describe("createLimiter()", () => {
  it.each<[object, RegExp]>([
    [{ store: undefined }, /store is undefined\. Give memoryStore\(\) or redisStore/],
    [{ liveNodes: 0 }, /liveNodes is 0/],
    [{ denyCacheMs: -1 }, /denyCacheMs is -1/],
    [{ maxQueued: 0.5 }, /maxQueued is 0\.5/],
    [{ denyCacheMs: null }, /denyCacheMs is null/],
    [{ maxQueued: null }, /maxQueued is null/],
    [{ stores: [] }, /stores is unknown\. Use one of/],
  ])("refuses %j", (part, message) => {
    const options = { store: memoryStore(), ...part };
    expect(() => createLimiter(options as LimiterOptions)).toThrow(refusal(message));
  });
});

describe("a charge", () => {
  const limiter = createLimiter({ store: memoryStore() });
  const policy = strictWindow({ limit: 10, per: "minute" });
  const runs = concurrency({ limit: 10 });
  it.each<[string, unknown[], RegExp]>([
    ["that is missing", [], /there is none/],
    ["without a policy", [{ key: "k" }], /its policy is none/],
    ["without a key", [{ policy, key: "" }], /its key is empty/],
    ["whose key is no string", [{ policy, key: 5 }], /its key is empty/],
    ["without a partition", [{ policy, key: "k", partition: "" }], /its partition is empty/],
    ["of a part", [{ policy, key: "k", cost: 0.5 }], /its cost is 0\.5/],
    ["of less than nothing", [{ policy, key: "k", cost: -1 }], /its cost is -1/],
    ["of no number", [{ policy, key: "k", cost: Number.NaN }], /its cost is NaN/],
    ["whose lease nobody could give back", [{ policy: runs, key: "k" }], /nobody could give back/],
    ["whose lease is no id", [{ policy: runs, key: "k", lease: "a#2" }], /its lease is no id/],
    [
      "on a counter that is charged already",
      [
        { policy, key: "k" },
        { policy, key: "k", cost: 2 },
      ],
      /two charges of one decision have one counter/,
    ],
    [
      "too many for one partition",
      Array.from({ length: 9 }, (_, index) => ({ policy, key: `${index}`, partition: "p" })),
      /its partition has 9 charges/,
    ],
  ])("%s is refused", (_what, charges, message) => {
    expect(() => limiter.decide(charges as Charge[])).toThrow(
      expect.objectContaining({
        code: "LIMITER_INVALID_CHARGE",
        message: expect.stringMatching(message),
      }),
    );
  });
});

describe("a reservation", () => {
  const limiter = createLimiter({ store: memoryStore() });
  const policy = strictWindow({ name: "tokens", limit: 10, per: "minute" });
  const runs = concurrency({ name: "runs", limit: 1 });

  it("names its leases", async () => {
    const reservation = await limiter.reserve([{ policy: runs, key: "named", lease: "mine" }]);
    expect(reservation.leases).toEqual({ runs: "mine" });
    await reservation.release();
  });

  it.each<[Record<string, number>, RegExp]>([
    [{ token: 5 }, /it names "token"/],
    [{ runs: 0 }, /it names "runs"/],
    [{ tokens: -1 }, /the cost of tokens is -1/],
    [{ tokens: 0.5 }, /the cost of tokens is 0\.5/],
  ])("is not settled by %j", async (costs, message) => {
    const charges = [
      { policy, key: JSON.stringify(costs) },
      { policy: runs, key: JSON.stringify(costs) },
    ];
    const reservation = await limiter.reserve(charges);
    await expect(reservation.settle(costs)).rejects.toThrow(message);
    await reservation.settle({ tokens: 3 });
    await expect(reservation.settle({ tokens: 3 })).rejects.toMatchObject({
      code: "LIMITER_INVALID_SETTLEMENT",
    });
    await reservation.release();
  });

  it("that was refused has nothing to settle, and may be released all the same", async () => {
    const refused = await limiter.reserve([{ policy, key: "refused", cost: 11 }]);
    expect(refused.decision.admitted).toBe(false);
    await expect(refused.settle({ tokens: 1 })).rejects.toThrow(/was refused/);
    await refused.release();
    await refused.cancel();
  });

  it("is renewed only while it is held", async () => {
    const charges = ["a", "b", "c"].map((key) => ({ policy: runs, key: `held-${key}` }));
    const reservations = await Promise.all(charges.map((charge) => limiter.reserve([charge])));
    expect(limiter.state().leases).toBe(3);
    await Promise.all(reservations.map((reservation) => reservation.release()));
    expect(limiter.state().leases).toBe(0);
  });
});
