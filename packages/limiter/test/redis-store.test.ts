import { createRedis, type Redis } from "@enfilade/redis";
import { type RedisServer, startRedis } from "@enfilade/testing";
import fc from "fast-check";
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished } from "vitest";
import {
  budget,
  type Charge,
  concurrency,
  createLimiter,
  gcra,
  type Policy,
  redisStore,
  strictWindow,
} from "../src/index.ts";
import { keyOf } from "../src/redis/keys.ts";

let server: RedisServer;
let redis: Redis;
beforeAll(async () => {
  server = await startRedis();
  redis = createRedis({ url: server.url, deadlineMs: 10_000 });
  await redis.ready();
});
afterAll(async () => {
  await redis.close();
  await server.stop();
});
beforeEach(async () => {
  await server.command("FLUSHALL");
});

const rate = gcra({ name: "rate", limit: 7, per: "hour", burst: 3 });
const tokens = strictWindow({ name: "tokens", limit: 100, per: "hour" });
const usd = budget({ name: "usd", limit: 100, per: "day" });
const runs = concurrency({ name: "runs", limit: 2, ttl: 60_000 });
const everyKind: readonly Policy[] = [rate, tokens, usd, runs];

function charge(policy: Policy, key = "k"): Charge {
  return { policy, key, ...(policy.kind === "concurrency" ? { lease: "lease" } : {}) };
}

function open() {
  const limiter = createLimiter({ store: redisStore(redis), denyCacheMs: 0 });
  onTestFinished(() => limiter.close());
  return limiter;
}

const keyFor = (policy: Policy) => `limit:{k}:${policy.id}`;
const ttl = async (key: string) => Number((await server.command("PTTL", key)).slice(1));

describe("the Redis store", () => {
  it("decides eight policies in one round trip", async () => {
    const limiter = open();
    const charges = Array.from({ length: 8 }, (_, index) => ({
      policy: gcra({ name: `p${index}`, limit: 10, per: "hour", burst: 10 }),
      key: "k",
    }));
    await limiter.decide(charges);
    const before = redis.state().counts.sent;
    await limiter.decide(charges);
    expect(redis.state().counts.sent).toBe(before + 1);
  });

  it("asks one script for the same kinds, in whatever order and under whatever names they come", async () => {
    const limiter = open();
    await limiter.decide([charge(rate), charge(tokens), charge(usd)]);
    const scripts = async () =>
      /number_of_cached_scripts:(\d+)/.exec(await server.command("INFO", "memory"))?.[1];
    const before = await scripts();
    expect(before).toMatch(/^[1-9]/);
    await limiter.decide([charge(usd), charge(rate), charge(tokens)]);
    const another = gcra({ name: "another", limit: 11, per: "day", burst: 9 });
    await limiter.decide([charge(tokens), charge(usd), charge(another)]);
    expect(await scripts()).toBe(before);
  });

  it("decides on although the server forgets its scripts", async () => {
    const limiter = open();
    await limiter.decide([charge(rate)]);
    await server.command("SCRIPT", "FLUSH");
    expect(await limiter.decide([charge(rate)])).toMatchObject({
      degraded: false,
      verdicts: [{ remaining: 1 }],
    });
  });

  it.each(everyKind)("writes no key without an expiry ($kind)", async (policy) => {
    const limiter = open();
    const reservation = await limiter.reserve([charge(policy)]);
    expect(await ttl(keyFor(policy))).toBeGreaterThan(0);
    if (policy.kind !== "concurrency") {
      await reservation.settle({ [policy.name]: 2 });
      expect(await ttl(keyFor(policy))).toBeGreaterThan(0);
    }
    await limiter.decide([charge(policy)]);
    expect(await ttl(keyFor(policy))).toBeGreaterThan(0);
  });

  it.each(everyKind)("gives an expiry to a key that has lost its own ($kind)", async (policy) => {
    const limiter = open();
    const first = charge(policy);
    const rest = { ...first, cost: policy.capacity - 1, lease: "rest" };
    const losesExpiry = async () => {
      await server.command("PERSIST", keyFor(policy));
      expect(await ttl(keyFor(policy))).toBe(-1);
    };
    const repaired = async () => expect(await ttl(keyFor(policy))).toBeGreaterThan(1_000);
    await limiter.decide([first]);
    await losesExpiry();
    expect(await limiter.decide([rest])).toMatchObject({ admitted: true });
    await repaired();
    // At a refusal as well: who keeps being refused must not be so for ever.
    await losesExpiry();
    const refused = { ...first, lease: "another" };
    expect(await limiter.decide([refused])).toMatchObject({ admitted: false });
    await repaired();
    expect(await limiter.decide([refused])).toMatchObject({ admitted: false });
  });

  it("keeps a key for as long as it counts, and no longer", async () => {
    const limiter = open();
    await limiter.decide([charge(rate), charge(tokens), charge(usd), charge(runs)]);
    const perUnit = 3_600_000 / 7;
    const near = async (policy: Policy, ms: number, slack: number) => {
      const left = await ttl(keyFor(policy));
      expect(left).toBeGreaterThan(ms - slack);
      expect(left).toBeLessThanOrEqual(ms + 1);
    };
    await near(rate, perUnit, 10_000);
    await near(tokens, 3_600_000 + 300_000, 310_000);
    await near(usd, 86_400_000, 86_400_000);
    await near(runs, 60_000, 10_000);
  });

  it.each(everyKind)("takes nothing for its own that is not ($kind)", async (policy) => {
    const limiter = open();
    const wrong = policy.kind === "concurrency" ? ["SET"] : ["RPUSH"];
    for (const write of [wrong, ["SET"]]) {
      await server.command("DEL", keyFor(policy));
      await server.command(write[0] ?? "", keyFor(policy), "garbage");
      const decision = await limiter.decide([charge(policy)]);
      expect(decision).toMatchObject({ degraded: true });
    }
    expect(String(limiter.state().lastError)).toMatch(/something else|WRONGTYPE|unpack|msgpack/i);
  });

  const texts = [rate, tokens].flatMap((policy) =>
    ["garbage", "7"].map((text) => ({ policy, kind: policy.kind, text })),
  );
  it.each(texts)(
    "passes over a $kind counter that is $text, and settles the others",
    async ({ policy, text }) => {
      const limiter = open();
      const tenant = { key: "k", partition: "k" };
      const reservation = await limiter.reserve([
        { policy: rate, ...tenant },
        { policy: tokens, ...tenant, cost: 50 },
        { policy: usd, ...tenant, cost: 50 },
      ]);
      await server.command("SET", keyFor(policy), text);
      await reservation.settle({ rate: 2, tokens: 10, usd: 10 });
      expect(limiter.state().queued).toBe(0);
      const { verdicts } = await limiter.peek([{ policy: usd, ...tenant, cost: 0 }]);
      expect(verdicts[0]?.remaining).toBe(90);
    },
  );

  it("decides by the server's calendar, whatever this process' clock says", async () => {
    const now = Date.now;
    onTestFinished(() => {
      Date.now = now;
    });
    for (const days of [-40, 0, 40]) {
      Date.now = () => now() + days * 86_400_000;
      // A connection that does not know the server's clock yet has nothing but its own to go by.
      const blind: Redis = {
        deadlineMs: redis.deadlineMs,
        run: (...args) => redis.run(...args),
        command: (...args) => redis.command(...args),
        serverUs: () => undefined,
        ready: () => redis.ready(),
        state: () => redis.state(),
        close: async () => {},
      };
      const limiter = createLimiter({ store: redisStore(blind), denyCacheMs: 0 });
      onTestFinished(() => limiter.close());
      const decision = await limiter.decide([{ policy: usd, key: "k", cost: 20 }]);
      expect(decision).toMatchObject({ admitted: true, degraded: false });
      const midnight = Math.ceil(now() / 86_400_000) * 86_400_000;
      expect(decision.atMs + (decision.verdicts[0]?.resetMs ?? 0)).toBeCloseTo(midnight, -1);
    }
    const { verdicts } = await open().peek([{ policy: usd, key: "k", cost: 0 }]);
    expect(verdicts[0]?.remaining).toBe(40);
  });

  it.each(["{", "a b", "x".repeat(65), 5])("refuses the prefix %j", (prefix) => {
    expect(() => redisStore(redis, { prefix: prefix as string })).toThrow(/prefix/);
  });

  it("keeps programs apart by their prefix", async () => {
    const [one, other] = ["one:", "other:"].map((prefix) =>
      createLimiter({ store: redisStore(redis, { prefix }), denyCacheMs: 0 }),
    );
    const once = [{ policy: gcra({ limit: 1, per: "hour", burst: 1 }), key: "k" }];
    expect((await one?.decide(once))?.admitted).toBe(true);
    expect((await other?.decide(once))?.admitted).toBe(true);
    expect((await one?.decide(once))?.admitted).toBe(false);
  });
});

describe("the keys of a script", () => {
  const text = fc.oneof(
    fc.string({ unit: "grapheme", minLength: 1, maxLength: 30 }),
    fc.string({ unit: fc.constantFrom("{", "}", "%", "#", ":", "a"), minLength: 1, maxLength: 12 }),
    fc.string({ unit: "binary", minLength: 190, maxLength: 210 }),
  );
  const base = { policy: rate, cost: 1, lease: "", named: false };

  it("have one hash tag, which no partition can end or empty", () => {
    fc.assert(
      fc.property(text, text, text, (partition, one, other) => {
        const [first, second] = [one, other].map((key) =>
          keyOf("limit:", { ...base, partition, key }),
        );
        const tag = (key = "") => /^limit:\{([^{}]+)\}:/.exec(key)?.[1];
        expect(tag(first)).toBeDefined();
        expect(tag(first)).toBe(tag(second));
      }),
    );
  });

  it("are different for different counters, and never long", () => {
    const counter = fc.record({ partition: text, key: text });
    fc.assert(
      fc.property(counter, counter, (one, other) => {
        const [first, second] = [one, other].map((each) => keyOf("limit:", { ...base, ...each }));
        const same = one.partition === other.partition && one.key === other.key;
        expect(Buffer.from(first ?? "").equals(Buffer.from(second ?? ""))).toBe(same);
        expect(Buffer.byteLength(first ?? "")).toBeLessThan(2_000);
      }),
      { numRuns: 500 },
    );
  });
});
