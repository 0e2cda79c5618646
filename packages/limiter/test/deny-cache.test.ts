import { describe, expect, it, onTestFinished, vi } from "vitest";
import { resolveCharges } from "../src/charges.ts";
import { DenyCache } from "../src/deny-cache.ts";
import {
  type Charge,
  concurrency,
  createLimiter,
  gcra,
  type LimiterOptions,
  memoryStore,
  strictWindow,
} from "../src/index.ts";
import { shakyStore } from "./support/shaky-store.ts";

const tokens = strictWindow({ name: "tokens", limit: 100, per: "minute", buckets: 6 });
const runs = concurrency({ name: "runs", limit: 1, ttl: 60_000 });

/** One clock for the store, and for the cache that goes by `performance.now`. */
function start(options: Partial<LimiterOptions> = {}) {
  vi.useFakeTimers({ toFake: ["performance", "setInterval", "clearInterval"] });
  onTestFinished(() => {
    vi.useRealTimers();
  });
  const store = shakyStore(() => 1_750_000_000_000 + performance.now());
  const limiter = createLimiter({ store, ...options });
  const decide = async (...charges: Charge[]) => await limiter.decide(charges);
  const asked = () => store.calls.filter((call) => call.startsWith("decide")).length;
  return { store, limiter, decide, asked, pass: (ms: number) => vi.advanceTimersByTime(ms) };
}

describe("the deny cache", () => {
  it("answers who keeps asking, at once and without the store", async () => {
    const { limiter, decide, asked, pass } = start();
    await decide({ policy: tokens, key: "k", cost: 90 });
    const first = await decide({ policy: tokens, key: "k", cost: 20 });
    expect(first.admitted).toBe(false);
    pass(300);
    const again = limiter.decide([{ policy: tokens, key: "k", cost: 25 }]);
    expect(again).not.toBeInstanceOf(Promise);
    expect(again).toMatchObject({
      admitted: false,
      degraded: false,
      retryAfterMs: first.retryAfterMs - 300,
      atMs: first.atMs + 300,
      verdicts: [{ source: "cache", remaining: 10 }],
    });
    expect(asked()).toBe(2);
    expect(limiter.state().deniedLocally).toBe(1);
  });

  it("lets through what is cheaper, what is another's, and what has waited", async () => {
    const { decide, asked, pass } = start();
    await decide({ policy: tokens, key: "k", cost: 90 });
    await decide({ policy: tokens, key: "k", cost: 20 });
    expect((await decide({ policy: tokens, key: "k", cost: 10 })).admitted).toBe(true);
    expect((await decide({ policy: tokens, key: "other", cost: 20 })).admitted).toBe(true);
    expect((await decide({ policy: tokens, key: "k", partition: "p", cost: 20 })).admitted).toBe(
      true,
    );
    pass(1_000);
    await decide({ policy: tokens, key: "k", cost: 20 });
    expect(asked()).toBe(6);
  });

  it("does not hold for who has another limit on the same counter", async () => {
    const { decide, asked } = start();
    const large = strictWindow({ name: "tokens", limit: 1_000, per: "minute", buckets: 6 });
    await decide({ policy: tokens, key: "k", cost: 90 });
    expect((await decide({ policy: tokens, key: "k", cost: 20 })).admitted).toBe(false);
    expect(await decide({ policy: large, key: "k", cost: 20 })).toMatchObject({
      admitted: true,
      verdicts: [{ limit: 1_000, remaining: 890 }],
    });
    const alike = strictWindow({ name: "tokens", limit: 100, per: "minute", buckets: 6 });
    expect((await decide({ policy: alike, key: "k", cost: 20 })).admitted).toBe(false);
    expect(asked()).toBe(3);

    const rate = { name: "rate", limit: 1, burst: 1 } as const;
    await decide({ policy: gcra({ ...rate, per: "hour" }), key: "k" });
    expect((await decide({ policy: gcra({ ...rate, per: "hour" }), key: "k" })).admitted).toBe(
      false,
    );
    await decide({ policy: gcra({ ...rate, per: "second" }), key: "k" });
    expect(asked()).toBe(6);
  });

  it("holds no longer than the refusal itself", async () => {
    const { decide, pass } = start();
    const fast = gcra({ name: "fast", limit: 10, per: "second", burst: 1 });
    await decide({ policy: fast, key: "k" });
    const { retryAfterMs } = await decide({ policy: fast, key: "k" });
    expect(retryAfterMs).toBe(100);
    pass(99);
    expect((await decide({ policy: fast, key: "k" })).admitted).toBe(false);
    pass(1);
    expect((await decide({ policy: fast, key: "k" })).admitted).toBe(true);
  });

  it("forgets at once what is refunded or released here", async () => {
    const { limiter, decide } = start();
    const reserved = await limiter.reserve([{ policy: tokens, key: "k", cost: 90 }]);
    expect((await decide({ policy: tokens, key: "k", cost: 20 })).admitted).toBe(false);
    await reserved.settle({ tokens: 5 });
    expect((await decide({ policy: tokens, key: "k", cost: 20 })).admitted).toBe(true);
    const working = await limiter.reserve([{ policy: runs, key: "k" }]);
    expect((await limiter.reserve([{ policy: runs, key: "k" }])).decision.admitted).toBe(false);
    await working.release();
    expect((await limiter.reserve([{ policy: runs, key: "k" }])).decision.admitted).toBe(true);
  });

  it("keeps refusals of leases for 100 ms at most, and never one that may be a renewal", async () => {
    const { limiter, decide, asked, pass } = start();
    await decide({ policy: runs, key: "k", lease: "holder" });
    const newcomer = () => limiter.reserve([{ policy: runs, key: "k" }]);
    expect((await newcomer()).decision.admitted).toBe(false);
    expect((await newcomer()).decision.verdicts[0]?.source).toBe("cache");
    expect((await decide({ policy: runs, key: "k", lease: "holder" })).admitted).toBe(true);
    pass(100);
    expect((await newcomer()).decision.verdicts[0]?.source).toBe("store");
    expect(asked()).toBe(4);
  });

  it("remembers no outage", async () => {
    const { store, decide } = start();
    store.trouble = "not-run";
    const closed = gcra({ name: "c", limit: 1, per: "hour", burst: 1, onStoreError: "closed" });
    expect((await decide({ policy: closed, key: "k" })).admitted).toBe(false);
    store.trouble = "none";
    expect((await decide({ policy: closed, key: "k" })).admitted).toBe(true);
  });

  it("is bounded: the oldest refusals go first", () => {
    const cache = new DenyCache(60_000);
    const resolved = (key: string) => resolveCharges([{ policy: tokens, key, cost: 101 }], false);
    const { decision } = memoryStore().decide(resolved("k"), "charge");
    for (let i = 0; i < 10_050; i++) cache.remember(resolved(`k${i}`), decision);
    expect(cache.size).toBe(10_000);
    expect(cache.find(resolved("k49"))).toBeUndefined();
    expect(cache.find(resolved("k50"))).toMatchObject({ admitted: false });
  });

  it("can be turned off, and is not used over a store that is as fast", async () => {
    const { decide, asked } = start({ denyCacheMs: 0 });
    for (let i = 0; i < 3; i++) await decide({ policy: tokens, key: "k", cost: 101 });
    expect(asked()).toBe(3);
    const inMemory = createLimiter({ store: memoryStore() });
    for (let i = 0; i < 3; i++) await inMemory.decide([{ policy: tokens, key: "k", cost: 101 }]);
    expect(inMemory.state().deniedLocally).toBe(0);
  });
});
