import { createClock } from "@enfilade/testing";
import { describe, expect, it } from "vitest";
import {
  budget,
  type Charge,
  concurrency,
  createLimiter,
  type Decision,
  gcra,
  LIMITER_TOO_MANY_POLICIES,
  memoryStore,
  type Policy,
  strictWindow,
} from "../src/index.ts";
import { Fingerprint } from "../src/memory/fingerprint.ts";
import { random } from "./support/mix.ts";

function start(maxKeys: number) {
  const clock = createClock();
  const store = memoryStore({ maxKeys, now: clock.now });
  const limiter = createLimiter({ store });
  const decide = (policy: Policy, key: string, part: Partial<Charge> = {}) =>
    limiter.decide([{ policy, key, ...part }]) as Decision;
  return { clock, store, decide };
}

const rate = gcra({ limit: 1, per: "hour", burst: 2 });

describe("a memory store that is full", () => {
  it.each<Policy>([
    rate,
    strictWindow({ limit: 2, per: "hour" }),
    strictWindow({ limit: 2 ** 40, per: "hour" }),
    budget({ limit: 2, per: "month" }),
  ])("never forgets a blocked key for 100,000 fresh ones ($id)", (policy) => {
    const { store, decide } = start(1_000);
    const all = { cost: policy.capacity };
    for (const key of ["victim", "other"]) expect(decide(policy, key, all).admitted).toBe(true);
    for (let i = 0; i < 100_000; i++) decide(policy, `fresh-${i}`);
    expect(store.size).toBe(1_000);
    expect(decide(policy, "victim").admitted).toBe(false);
    expect(decide(policy, "other").admitted).toBe(false);
    expect(decide(policy, "one more").admitted).toBe(true);
  });

  it("keeps a key blocked that was refused a large cost only", () => {
    const { decide } = start(100);
    const tokens = strictWindow({ limit: 1_000, per: "hour" });
    decide(tokens, "k", { cost: 600 });
    expect(decide(tokens, "k", { cost: 600 }).admitted).toBe(false);
    for (let i = 0; i < 10_000; i++) decide(tokens, `fresh-${i}`);
    expect(decide(tokens, "k", { cost: 600 }).admitted).toBe(false);
  });

  it("gives up expired keys first, then those that would expire soonest", () => {
    const { clock, decide } = start(64);
    const tokens = strictWindow({ limit: 1_000, per: "minute", buckets: 60 });
    for (let i = 0; i < 32; i++) decide(tokens, `expired-${i}`);
    clock.advance(120_000);
    for (let i = 0; i < 32; i++) decide(tokens, `used-${i}`, { cost: 500 });
    for (let i = 0; i < 32; i++) decide(tokens, `fresh-${i}`);
    for (let i = 0; i < 32; i++) {
      expect(decide(tokens, `used-${i}`, { cost: 501 }).admitted).toBe(false);
    }
  });

  it("lets the keys that find no room share one counter, until there is room again", () => {
    const { clock, store, decide } = start(50);
    for (let i = 0; i < 50; i++) decide(rate, `blocked-${i}`, { cost: 2 });
    const admitted = Array.from({ length: 200 }, (_, i) => decide(rate, `late-${i}`).admitted);
    expect(admitted.filter(Boolean)).toHaveLength(2);
    expect(store.size).toBe(50);
    for (let i = 0; i < 50; i++) expect(decide(rate, `blocked-${i}`).admitted).toBe(false);
    clock.advance(2 * 3_600_000);
    for (let i = 0; i < 40; i++) expect(decide(rate, `new-${i}`, { cost: 2 }).admitted).toBe(true);
    expect(store.size).toBeLessThanOrEqual(50);
  });

  it("does the same for leases", () => {
    const { clock, decide } = start(3);
    const runs = concurrency({ limit: 1, ttl: 10_000 });
    for (const key of ["a", "b", "c"])
      expect(decide(runs, key, { lease: key }).admitted).toBe(true);
    expect(decide(runs, "d", { lease: "d" }).admitted).toBe(true);
    expect(decide(runs, "e", { lease: "e" }).admitted).toBe(false);
    for (const key of ["a", "b", "c"])
      expect(decide(runs, key, { lease: "x" }).admitted).toBe(false);
    clock.advance(20_000);
    for (const key of ["d", "e"]) expect(decide(runs, key, { lease: key }).admitted).toBe(true);
  });

  it("gives back what has expired of the counter that keys without room share, however many have room", () => {
    const { clock, decide } = start(1_000);
    const long = concurrency({ limit: 1, ttl: "day" });
    for (let i = 0; i < 1_000; i++) decide(long, `key-${i}`, { lease: "a" });
    const runs = concurrency({ limit: 1, ttl: 10_000 });
    expect(decide(runs, "d", { lease: "d" }).admitted).toBe(true);
    expect(decide(runs, "e", { lease: "e" })).toMatchObject({
      admitted: false,
      retryAfterMs: 10_000,
    });
    clock.advance(10_000);
    expect(decide(runs, "e", { lease: "e" }).admitted).toBe(true);
  });

  it("tells when slots come back, of leases with lives of their own under one key", () => {
    const { clock, decide } = start(3);
    const take = (lease: string, ttl: number, cost: number) =>
      decide(concurrency({ limit: 6, ttl }), "k", { lease, cost });
    take("long", 60_000, 2);
    take("short", 10_000, 1);
    take("middle", 30_000, 3);
    for (const [cost, ms] of [
      [1, 10_000],
      [2, 30_000],
      [4, 30_000],
      [5, 60_000],
      [7, Number.POSITIVE_INFINITY],
    ] as const) {
      expect(take("more", 10_000, cost)).toMatchObject({ admitted: false, retryAfterMs: ms });
    }
    // A renewal never shortens a life.
    expect(take("long", 10_000, 2).verdicts[0]).toMatchObject({ remaining: 0, resetMs: 60_000 });
    clock.advance(10_000);
    expect(take("more", 10_000, 1)).toMatchObject({ admitted: true });
  });

  it("forgets keys whose leases have expired, long before it is full", () => {
    const { clock, store, decide } = start(1_000_000);
    const runs = concurrency({ limit: 1, ttl: 1_000 });
    for (let i = 0; i < 10_000; i++) {
      decide(runs, `key-${i}`, { lease: "a" });
      clock.advance(10);
    }
    // A hundred of them are alive at any time.
    expect(store.size).toBeLessThan(300);
  });

  it("finds every key again, whatever comes and goes", () => {
    const { clock, decide } = start(10_000);
    const window = strictWindow({ limit: 3, per: "hour", buckets: 1 });
    const bucketOf = (ms: number) => Math.floor(ms / 3_600_000);
    const used = new Map<number, number[]>();
    const next = random(7);
    for (let step = 0; step < 60_000; step++) {
      // Some keys are older than others when they expire: holes are torn everywhere.
      if (next() < 0.0005) clock.advance(Math.floor(next() * 5_000_000));
      const key = Math.floor(next() ** 2 * 4_000);
      const bucket = bucketOf(clock.now());
      const log = (used.get(key) ?? []).filter((at) => at >= bucket - 1);
      expect(decide(window, `key-${key}`).admitted).toBe(log.length < 3);
      used.set(key, log.length < 3 ? [...log, bucket] : log);
    }
  });

  it("refuses to make a table for every caller", () => {
    const { decide } = start(10);
    const flood = () => {
      for (let i = 0; i < 2_000; i++) {
        decide(gcra({ name: `user-${i}`, limit: 1, per: "hour", burst: 1 }), "k");
      }
    };
    expect(flood).toThrow(LIMITER_TOO_MANY_POLICIES);
  });

  it.each([0, 1.5, "many", 2 ** 27])("is refused %s as its size", (maxKeys) => {
    expect(() => memoryStore({ maxKeys: maxKeys as number })).toThrow(/maxKeys/);
    expect(() => memoryStore({ now: 5 as unknown as () => number })).toThrow(/now is 5/);
  });
});

describe("a million keys", () => {
  it.each<Policy>([
    gcra({ limit: 60, per: "hour", burst: 10 }),
    strictWindow({ limit: 90_000, per: "hour" }),
    budget({ limit: 1_000, per: "month" }),
  ])("take 100 bytes each at most ($kind)", { timeout: 60_000 }, (policy) => {
    const keys = 1_000_000;
    const { store, decide } = start(keys);
    const before = process.memoryUsage().arrayBuffers;
    for (let i = 0; i < keys; i++) decide(policy, `user:${i}`);
    expect(store.size).toBe(keys);
    // All there is of a key is in typed arrays: the heap does not grow with the keys.
    expect((process.memoryUsage().arrayBuffers - before) / keys).toBeLessThanOrEqual(100);
  });
});

describe("a fingerprint", () => {
  // The reference vectors of HalfSipHash-2-4 with 64 bits of output: key 00 … 07, input 00, 01, 02 …
  const vectors = [
    "218d1f59b9b83cc8",
    "064f39ef7c50eb57",
    "d5e78a175be52ea1",
    "ce3e91358aa2bc25",
    "edfee820bce4858c",
    "95b0469f06a6f2ee",
    "7bc71f9faef5c799",
    "3bb1a870eae8e658",
    "7336aad25f7bf3b5",
  ];
  const secret = new Uint32Array([0x03020100, 0x07060504]);

  it.each(vectors.map((vector, units) => [2 * units, vector] as const))(
    "of %i bytes is as published",
    (bytes, vector) => {
      const fingerprint = new Fingerprint(secret, 2, 4);
      const units = Array.from({ length: bytes / 2 }, (_, i) => (2 * i) | ((2 * i + 1) << 8));
      fingerprint.take(String.fromCharCode(...units));
      const digest = Buffer.alloc(8);
      digest.writeUInt32LE(fingerprint.low, 0);
      digest.writeUInt32LE(fingerprint.high, 4);
      expect(digest.toString("hex")).toBe(vector);
    },
  );

  it("is another in every process, and in every domain", () => {
    const [one, other] = [new Fingerprint(), new Fingerprint()];
    const print = (fingerprint: Fingerprint, domain: number) => {
      fingerprint.take("key", domain);
      return fingerprint.low * 2 ** 32 + fingerprint.high;
    };
    expect(print(one, 0)).not.toBe(print(other, 0));
    expect(print(one, 0)).not.toBe(print(one, 1));
    expect(print(one, 0)).toBe(print(one, 0));
  });
});
