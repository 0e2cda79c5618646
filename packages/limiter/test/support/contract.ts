import { describe, expect, it } from "vitest";
import {
  budget,
  type Charge,
  concurrency,
  createLimiter,
  type Decision,
  gcra,
  type LimiterOptions,
  type Store,
  strictWindow,
} from "../../src/index.ts";

/** What a store has to bring to be held to the contract. */
export interface StoreUnderTest {
  readonly store: Store;
  /** Lets so much time pass on the store's own clock. */
  elapse(ms: number): Promise<void>;
}

/** The store's clock at a decision, in whole microseconds. */
const at = ({ atMs }: Decision) => Math.round(atMs * 1_000);

/**
 * What every store does, whatever it is made of. Times come from the decisions themselves, so that a
 * slow machine changes nothing.
 */
export function holdsTheContract(start: () => Promise<StoreUnderTest> | StoreUnderTest): void {
  let counters = 0;
  /** Keys of its own for every test: stores are shared, and are not emptied. */
  const fresh = () => `contract:${process.pid}:${++counters}`;
  /** Without the deny cache: the store itself is to answer. */
  async function open(options: Partial<LimiterOptions> = {}) {
    const { store, elapse } = await start();
    const limiter = createLimiter({ store, denyCacheMs: 0, ...options });
    const decide = async (...charges: Charge[]) => await limiter.decide(charges);
    const peek = async (...charges: Charge[]) => await limiter.peek(charges);
    return { limiter, elapse, decide, peek };
  }
  /** Asks until it is admitted, in small steps; gives every answer. */
  async function askUntilAdmitted(
    ask: () => Promise<Decision>,
    elapse: StoreUnderTest["elapse"],
  ): Promise<{ refused: Decision[]; admitted: Decision }> {
    const refused: Decision[] = [];
    for (;;) {
      const decision = await ask();
      if (decision.admitted) return { refused, admitted: decision };
      refused.push(decision);
      await elapse(1);
    }
  }
  /** Every refusal named the same moment, none came after it, and the admission did not come before. */
  function expectExactRetry(refused: Decision[], admitted: Decision): void {
    expect(refused.length).toBeGreaterThan(0);
    for (const decision of refused) {
      const promised = at(decision) + decision.retryAfterMs * 1_000;
      // Whole milliseconds, rounded up: the promise is at most one of them late, and never early.
      expect(at(admitted)).toBeGreaterThan(promised - 1_000);
      expect(at(refused.at(-1) ?? decision)).toBeLessThan(promised);
    }
  }

  describe("gcra", () => {
    const policy = gcra({ name: "rate", limit: 50, per: 1_000, burst: 5 });

    it("admits a burst, refuses what follows, and tells exactly when to come again", async () => {
      const { decide, elapse } = await open();
      const key = fresh();
      const slow = gcra({ name: "rate", limit: 5, per: "second", burst: 5 });
      for (let left = 4; left >= 0; left--) {
        const { admitted, verdicts } = await decide({ policy: slow, key });
        expect({ admitted, remaining: verdicts[0]?.remaining }).toEqual({
          admitted: true,
          remaining: left,
        });
      }
      const { refused, admitted } = await askUntilAdmitted(
        () => decide({ policy: slow, key }),
        elapse,
      );
      expectExactRetry(refused, admitted);
    });

    it("weighs costs, and never admits one above the burst", async () => {
      const { decide } = await open();
      const key = fresh();
      expect(await decide({ policy, key, cost: 6 })).toMatchObject({
        admitted: false,
        retryAfterMs: Number.POSITIVE_INFINITY,
      });
      expect(await decide({ policy, key, cost: 5 })).toMatchObject({ admitted: true });
    });

    it("refunds what has not flowed back yet", async () => {
      const { limiter, peek } = await open();
      const slow = gcra({ name: "slow", limit: 1, per: "minute", burst: 10 });
      const key = fresh();
      const reservation = await limiter.reserve([{ policy: slow, key, cost: 10 }]);
      expect((await peek({ policy: slow, key })).admitted).toBe(false);
      await reservation.settle({ slow: 3 });
      expect((await peek({ policy: slow, key, cost: 7 })).admitted).toBe(true);
      expect((await peek({ policy: slow, key, cost: 8 })).admitted).toBe(false);
    });

    it("goes into debt for what turned out dearer", async () => {
      const { limiter, decide } = await open();
      const slow = gcra({ name: "slow", limit: 60, per: "minute", burst: 10 });
      const key = fresh();
      const reservation = await limiter.reserve([{ policy: slow, key }]);
      await reservation.settle({ slow: 100 });
      const { admitted, retryAfterMs } = await decide({ policy: slow, key });
      expect(admitted).toBe(false);
      expect(retryAfterMs).toBeGreaterThan(80_000);
      expect(retryAfterMs).toBeLessThanOrEqual(91_000);
    });
  });

  describe("strict window", () => {
    const policy = strictWindow({ name: "tokens", limit: 100, per: 240, buckets: 4 });

    it("admits no more than the limit in any window, and tells exactly when to come again", async () => {
      const { decide, elapse } = await open();
      const key = fresh();
      const first = await decide({ policy, key, cost: 60 });
      expect(first.verdicts[0]).toMatchObject({ admitted: true, remaining: 40, limit: 100 });
      expect(await decide({ policy, key, cost: 40 })).toMatchObject({ admitted: true });
      const { refused, admitted } = await askUntilAdmitted(
        () => decide({ policy, key, cost: 61 }),
        elapse,
      );
      expectExactRetry(refused, admitted);
      expect(at(admitted) - at(first)).toBeGreaterThanOrEqual(240_000);
    });

    it("never admits a cost above the limit", async () => {
      const { decide } = await open();
      expect(await decide({ policy, key: fresh(), cost: 101 })).toMatchObject({
        admitted: false,
        retryAfterMs: Number.POSITIVE_INFINITY,
      });
    });

    it("refunds into the bucket that was charged", async () => {
      const { limiter, peek } = await open();
      const slow = strictWindow({ name: "slow", limit: 100, per: "hour" });
      const key = fresh();
      const reservation = await limiter.reserve([{ policy: slow, key, cost: 90 }]);
      await reservation.settle({ slow: 25 });
      expect((await peek({ policy: slow, key, cost: 75 })).admitted).toBe(true);
      expect((await peek({ policy: slow, key, cost: 76 })).admitted).toBe(false);
    });

    it("drops a refund to a bucket that is gone, and takes a late charge now", async () => {
      const { limiter, elapse, peek } = await open();
      const key = fresh();
      const late = await limiter.reserve([{ policy, key, cost: 50 }]);
      const later = await limiter.reserve([{ policy, key, cost: 10 }]);
      await elapse(400);
      await late.settle({ tokens: 0 });
      expect((await peek({ policy, key, cost: 100 })).admitted).toBe(true);
      await later.settle({ tokens: 40 });
      const { verdicts } = await peek({ policy, key, cost: 0 });
      expect(verdicts[0]?.remaining).toBe(70);
    });
  });

  describe("budget", () => {
    const policy = budget({ name: "usd", limit: 1_000, per: "day", timeZone: "Asia/Tokyo" });

    it("counts within a calendar day, to its midnight", async () => {
      const { decide } = await open();
      const key = fresh();
      const { atMs } = await decide({ policy, key, cost: 999 });
      const refused = await decide({ policy, key, cost: 2 });
      expect(refused.admitted).toBe(false);
      const tokyo = atMs + 9 * 3_600_000;
      const midnight = Math.ceil(tokyo / 86_400_000) * 86_400_000 - 9 * 3_600_000;
      expect(Math.abs(refused.atMs + refused.retryAfterMs - midnight)).toBeLessThan(1.001);
      expect(await decide({ policy, key, cost: 1 })).toMatchObject({ admitted: true });
    });

    it("takes refunds and debts", async () => {
      const { limiter, peek } = await open();
      const key = fresh();
      const cheap = await limiter.reserve([{ policy, key, cost: 500 }]);
      const dear = await limiter.reserve([{ policy, key, cost: 500 }]);
      await cheap.settle({ usd: 100 });
      await dear.settle({ usd: 700 });
      const { verdicts } = await peek({ policy, key, cost: 0 });
      expect(verdicts[0]?.remaining).toBe(200);
    });
  });

  describe("concurrency", () => {
    const policy = concurrency({ name: "runs", limit: 2, ttl: 10_000 });

    it("gives so many leases, and one more for one given back", async () => {
      const { limiter } = await open();
      const key = fresh();
      const first = await limiter.reserve([{ policy, key }]);
      const second = await limiter.reserve([{ policy, key }]);
      expect(second.decision.verdicts[0]?.remaining).toBe(0);
      const third = await limiter.reserve([{ policy, key }]);
      expect(third.decision.admitted).toBe(false);
      expect(third.decision.retryAfterMs).toBeGreaterThan(0);
      expect(third.decision.retryAfterMs).toBeLessThanOrEqual(10_000);
      await first.release();
      await first.release();
      const fourth = await limiter.reserve([{ policy, key }]);
      expect(fourth.decision.admitted).toBe(true);
      await Promise.all([second.release(), fourth.release()]);
    });

    it("renews for who comes again with the same id", async () => {
      const { decide } = await open();
      const key = fresh();
      for (const lease of ["a", "b", "a", "b", "a"]) {
        expect(await decide({ policy, key, lease })).toMatchObject({ admitted: true });
      }
      expect(await decide({ policy, key, lease: "c" })).toMatchObject({ admitted: false });
    });

    it("frees the slots of a lease that nobody renews, exactly when it said", async () => {
      const { decide, elapse } = await open();
      const short = concurrency({ name: "short", limit: 1, ttl: 60 });
      const key = fresh();
      await decide({ policy: short, key, lease: "holder" });
      const { refused, admitted } = await askUntilAdmitted(
        () => decide({ policy: short, key, lease: "next" }),
        elapse,
      );
      expectExactRetry(refused, admitted);
    });

    it("keeps the lease of who is at work for as long as it takes", async () => {
      const { limiter, elapse, peek } = await open();
      // Long enough for a machine that stands still for half a second now and then.
      const short = concurrency({ name: "short", limit: 1, ttl: 800 });
      const key = fresh();
      const working = await limiter.reserve([{ policy: short, key }]);
      for (let i = 0; i < 12; i++) {
        await elapse(100);
        expect((await peek({ policy: short, key })).admitted).toBe(false);
      }
      await working.release();
      expect((await peek({ policy: short, key })).admitted).toBe(true);
    });

    it("counts a heavy lease with all its slots, once", async () => {
      const { decide } = await open();
      const wide = concurrency({ name: "gpus", limit: 8, ttl: 10_000 });
      const key = fresh();
      const heavy = { policy: wide, key, cost: 6, lease: "heavy" };
      expect((await decide(heavy)).verdicts[0]?.remaining).toBe(2);
      expect((await decide(heavy)).verdicts[0]?.remaining).toBe(2);
      expect((await decide({ ...heavy, cost: 3, lease: "more" })).admitted).toBe(false);
      expect((await decide({ ...heavy, cost: 2, lease: "less" })).admitted).toBe(true);
    });

    it("keeps the slots of a lease as they were taken, and gives all of them back", async () => {
      const { limiter, decide, peek } = await open();
      const wide = concurrency({ name: "gpus", limit: 8, ttl: 10_000 });
      const key = fresh();
      await decide({ policy: wide, key, cost: 6, lease: "heavy" });
      const renewed = await limiter.reserve([{ policy: wide, key, cost: 1, lease: "heavy" }]);
      expect(renewed.decision.verdicts[0]?.remaining).toBe(2);
      await renewed.release();
      expect((await peek({ policy: wide, key, cost: 8 })).admitted).toBe(true);
    });
  });

  describe("a lease that was not renewed in time", () => {
    const short = concurrency({ name: "short", limit: 2, ttl: 60 });
    const lease = (key: string, id: string) => {
      return { policy: short, key, partition: key, cost: 1, lease: id, named: true };
    };

    it("comes back where there is room, and is told to be too many where there is none", async () => {
      const { store, elapse } = await start();
      const key = fresh();
      const [late, early, next] = ["late", "early", "next"].map((id) => lease(key, id));
      if (late === undefined || early === undefined || next === undefined) throw new Error();
      await store.decide([late], "reserve");
      await elapse(70);

      expect(await store.renew([late])).toEqual([]);

      await elapse(70);
      await store.decide([early], "reserve");
      await store.decide([next], "reserve");

      expect(await store.renew([early, late, next])).toEqual([late]);
      expect(await store.renew([early, late, next])).toEqual([]);
      await store.release([early, late, next]);
    });
  });

  describe("several policies", () => {
    const requests = gcra({ name: "requests", limit: 10, per: "hour", burst: 10 });
    const tokens = strictWindow({ name: "tokens", limit: 100, per: "hour" });
    const dollars = budget({ name: "usd", limit: 50, per: "month" });
    const runs = concurrency({ name: "runs", limit: 1, ttl: 10_000 });
    const all = (key: string, partition: string, usd: number) => [
      { policy: requests, key, partition },
      { policy: tokens, key, partition, cost: 10 },
      { policy: dollars, key, partition, cost: usd },
      { policy: runs, key, partition },
    ];
    async function standing(peek: (...charges: Charge[]) => Promise<Decision>, charges: Charge[]) {
      const { verdicts } = await peek(...charges.map((charge) => ({ ...charge, cost: 0 })));
      return verdicts.map(({ remaining }) => remaining);
    }

    it("charges all of them, or none", async () => {
      const { limiter, peek } = await open();
      const key = fresh();
      const charges = all(key, key, 20);
      const admitted = await limiter.reserve(charges);
      expect(admitted.decision.verdicts.map(({ remaining }) => remaining)).toEqual([9, 90, 30, 0]);
      await admitted.release();
      const before = await standing(peek, charges);
      const refused = await limiter.reserve(all(key, key, 31));
      expect(refused.decision.admitted).toBe(false);
      expect(refused.decision.verdicts.map((verdict) => verdict.admitted)).toEqual([
        true,
        true,
        false,
        true,
      ]);
      expect(await standing(peek, charges)).toEqual(before);
    });

    it("undoes the partitions before a refusing one", async () => {
      const { limiter, peek } = await open();
      const [user, org] = [fresh(), fresh()];
      const charges = [...all(user, user, 5), { policy: tokens, key: org, cost: 60 }];
      const first = await limiter.reserve(charges);
      expect(first.decision.admitted).toBe(true);
      await first.release();
      const before = await standing(peek, charges);
      const second = await limiter.reserve(charges);
      expect(second.decision).toMatchObject({ admitted: false });
      expect(await standing(peek, charges)).toEqual(before);
    });

    it("leaves a lease to who held it before where a later partition refuses", async () => {
      const { decide, peek } = await open();
      const [user, newcomer, org] = [fresh(), fresh(), fresh()];
      const dear = { policy: tokens, key: org, cost: 101 };
      const held = { policy: runs, key: user, lease: "a" };
      expect((await decide(held)).admitted).toBe(true);
      expect((await decide(held, dear)).admitted).toBe(false);
      expect((await decide({ ...held, key: newcomer }, dear)).admitted).toBe(false);
      expect(await standing(peek, [{ policy: runs, key: user }])).toEqual([0]);
      expect(await standing(peek, [{ policy: runs, key: newcomer }])).toEqual([1]);
    });

    it("settles a name wherever it was charged, and unmakes what never began", async () => {
      const { limiter, peek } = await open();
      const [user, org] = [fresh(), fresh()];
      const charges = [
        { policy: tokens, key: user, cost: 50 },
        { policy: tokens, key: org, cost: 50 },
        { policy: runs, key: user },
      ];
      const worked = await limiter.reserve(charges);
      await worked.settle({ tokens: 5 });
      await worked.release();
      expect(await standing(peek, charges)).toEqual([95, 95, 1]);
      const never = await limiter.reserve(charges);
      await never.cancel();
      expect(await standing(peek, charges)).toEqual([95, 95, 1]);
    });

    it("gives leases back before it is known what the work has cost", async () => {
      const { limiter, peek } = await open();
      const key = fresh();
      const charges = [
        { policy: tokens, key, cost: 50 },
        { policy: runs, key },
      ];
      const worked = await limiter.reserve(charges);
      await worked.free();
      expect(await standing(peek, charges)).toEqual([50, 1]);
      await worked.settle({ tokens: 5 });
      await worked.release();
      expect(await standing(peek, charges)).toEqual([95, 1]);
    });

    it("makes counters as good as new, and leaves leases with their holders", async () => {
      const { limiter, peek } = await open();
      const [key, other] = [fresh(), fresh()];
      const charges = all(key, key, 20);
      const held = await limiter.reserve([...charges, { policy: tokens, key: other, cost: 7 }]);
      await limiter.reset(charges);
      expect(await standing(peek, charges)).toEqual([10, 100, 50, 0]);
      expect(await standing(peek, [{ policy: tokens, key: other }])).toEqual([93]);
      // What is refunded now was forgotten already.
      await held.settle({ requests: 0, tokens: 0, usd: 0 });
      await held.release();
      expect(await standing(peek, charges)).toEqual([10, 100, 50, 1]);
      await limiter.reset(charges);
    });

    it("keeps the estimate of who never settles", async () => {
      const { limiter, peek } = await open();
      const charges = [{ policy: tokens, key: fresh(), cost: 50 }];
      await (await limiter.reserve(charges)).release();
      expect(await standing(peek, charges)).toEqual([50]);
    });

    it("decides eight of one partition at once", async () => {
      const { decide } = await open();
      const key = fresh();
      const eight = Array.from({ length: 8 }, (_, index) => ({
        policy: gcra({ name: `p${index}`, limit: 1, per: "hour", burst: index + 1 }),
        key,
      }));
      expect((await decide(...eight)).verdicts.map(({ remaining }) => remaining)).toEqual([
        0, 1, 2, 3, 4, 5, 6, 7,
      ]);
    });
  });

  describe("keys", () => {
    const policy = gcra({ name: "keys", limit: 1, per: "hour", burst: 1 });

    it("are independent, however they are spelt", async () => {
      const { decide } = await open();
      const base = fresh();
      const spelt: Pick<Charge, "key" | "partition">[] = [
        { key: base },
        { key: `${base}}` },
        { key: `{${base}}` },
        { key: `${base}%7D` },
        { key: `${base}:keys` },
        { key: "b", partition: base },
        { key: "b}:g:keys:c", partition: base },
        { key: "c", partition: `${base}}:g:keys:b` },
        { key: `${base}\0b` },
        { key: "🗝️", partition: base },
        { key: `${base}${"x".repeat(4_000)}` },
        { key: `${base}${"x".repeat(4_001)}` },
        { key: "k", partition: `${base}${"x".repeat(4_000)}` },
      ];
      for (const charge of spelt) {
        expect(await decide({ policy, ...charge }), JSON.stringify(charge)).toMatchObject({
          admitted: true,
        });
      }
      for (const charge of spelt) {
        expect(await decide({ policy, ...charge })).toMatchObject({ admitted: false });
      }
    });

    it("of one name but other windows or kinds do not share a counter", async () => {
      const { decide } = await open();
      const key = fresh();
      const named = [
        gcra({ name: "x", limit: 1, per: "hour", burst: 1 }),
        strictWindow({ name: "x", limit: 1, per: "hour" }),
        strictWindow({ name: "x", limit: 1, per: "day" }),
        strictWindow({ name: "x", limit: 1, per: "day", buckets: 24 }),
        budget({ name: "x", limit: 1, per: "day" }),
        budget({ name: "x", limit: 1, per: "month" }),
        concurrency({ name: "x", limit: 1, ttl: 10_000 }),
      ];
      for (const one of named) {
        const lease = one.kind === "concurrency" ? { lease: "a" } : {};
        expect((await decide({ policy: one, key, ...lease })).admitted, one.id).toBe(true);
      }
    });
  });

  it("peeks without charging", async () => {
    const { decide, peek } = await open();
    const charge = {
      policy: strictWindow({ name: "once", limit: 1, per: "hour" }),
      key: fresh(),
    };
    for (let i = 0; i < 3; i++) expect((await peek(charge)).admitted).toBe(true);
    expect((await decide(charge)).admitted).toBe(true);
    for (let i = 0; i < 3; i++) expect((await peek(charge)).admitted).toBe(false);
  });

  it("admits exactly the limit to callers who come all at once", async () => {
    const { limiter } = await open();
    const policy = strictWindow({ name: "crowd", limit: 37, per: "hour" });
    const key = fresh();
    const answers = await Promise.all(
      Array.from({ length: 200 }, async () => await limiter.decide([{ policy, key }])),
    );
    expect(answers.filter(({ admitted }) => admitted)).toHaveLength(37);
  });
}
