import { describe, expect, it, onTestFinished } from "vitest";
import {
  budget,
  type Charge,
  concurrency,
  createLimiter,
  type Decision,
  gcra,
  type LimiterOptions,
  strictWindow,
} from "../src/index.ts";
import { shakyStore } from "./support/shaky-store.ts";

const HOUR = { limit: 1, per: "hour" } as const;
const local = gcra({ name: "local", ...HOUR, burst: 10 });
const open = gcra({ name: "open", ...HOUR, burst: 2, onStoreError: "open" });
const closed = budget({ name: "closed", limit: 100, per: "month" });
const openBudget = budget({ name: "usd", limit: 100, per: "month", onStoreError: "open" });
const tokens = strictWindow({ name: "tokens", limit: 1_000, per: "hour" });
const runs = concurrency({ name: "runs", limit: 2, ttl: 60_000 });

function start(options: Partial<LimiterOptions> = {}) {
  const store = shakyStore();
  const limiter = createLimiter({ store, denyCacheMs: 0, ...options });
  onTestFinished(() => limiter.close());
  const decide = async (...charges: Charge[]) => await limiter.decide(charges);
  /** What the store itself has left, whatever the limiter answers. */
  const left = (charge: Charge) => {
    const { policy, key, partition = key } = charge;
    const asked = { policy, key, partition, cost: 0, lease: "nobody's", named: true };
    return store.memory.decide([asked], "peek").decision.verdicts[0]?.remaining;
  };
  return { store, limiter, decide, left };
}

/** The work that a call leaves behind is done in a few turns of the event loop. */
const settled = (check: () => unknown) => expect.poll(check);

describe("while the store cannot answer", () => {
  it("counts local policies here, at this node's share", async () => {
    const { store, decide, left } = start({ liveNodes: 3 });
    store.trouble = "not-run";
    const answers: Decision[] = [];
    for (let i = 0; i < 5; i++) answers.push(await decide({ policy: local, key: "k" }));
    expect(answers.map(({ admitted }) => admitted)).toEqual([true, true, true, false, false]);
    for (const { degraded, verdicts } of answers) {
      expect(degraded).toBe(true);
      expect(verdicts[0]).toMatchObject({ source: "local", limit: 10 });
    }
    expect(left({ policy: local, key: "k" })).toBe(10);
  });

  it("asks how many nodes live when it matters", async () => {
    let nodes = 10;
    const { store, decide } = start({ liveNodes: () => nodes });
    store.trouble = "not-run";
    expect((await decide({ policy: local, key: "a" })).admitted).toBe(true);
    expect((await decide({ policy: local, key: "a" })).admitted).toBe(false);
    nodes = 1;
    expect((await decide({ policy: local, key: "b", cost: 10 })).admitted).toBe(true);
  });

  it("never calls a cost impossible that only this node's share is too small for", async () => {
    const { store, decide } = start({ liveNodes: 5 });
    store.trouble = "not-run";
    const { admitted, retryAfterMs } = await decide({ policy: local, key: "k", cost: 8 });
    expect({ admitted, retryAfterMs }).toEqual({ admitted: false, retryAfterMs: 1_000 });
    expect(await decide({ policy: local, key: "k", cost: 11 })).toMatchObject({
      retryAfterMs: Number.POSITIVE_INFINITY,
    });
  });

  it("admits open policies uncounted, and refuses closed ones", async () => {
    const { store, decide } = start();
    store.trouble = "not-run";
    for (let i = 0; i < 5; i++) {
      expect((await decide({ policy: open, key: "k" })).verdicts[0]).toMatchObject({
        admitted: true,
        source: "open",
      });
      expect(await decide({ policy: closed, key: "k" })).toMatchObject({
        admitted: false,
        retryAfterMs: 1_000,
        degraded: true,
      });
    }
  });

  it("still decides all or nothing: a closed policy keeps a local one from being charged", async () => {
    const { store, decide } = start();
    store.trouble = "not-run";
    const both = [
      { policy: local, key: "k" },
      { policy: closed, key: "k" },
    ];
    for (let i = 0; i < 20; i++) expect((await decide(...both)).admitted).toBe(false);
    expect((await decide({ policy: local, key: "k", cost: 10 })).admitted).toBe(true);
  });

  it("keeps to what it knows to be running here", async () => {
    const { store, limiter } = start();
    const charge = [{ policy: runs, key: "k" }];
    const first = await limiter.reserve(charge);
    store.trouble = "not-run";
    const second = await limiter.reserve(charge);
    const third = await limiter.reserve(charge);
    expect([first, second, third].map(({ decision }) => decision.admitted)).toEqual([
      true,
      true,
      false,
    ]);
    await first.release();
    const fourth = await limiter.reserve(charge);
    expect(fourth.decision.admitted).toBe(true);
    await Promise.all([second.release(), fourth.release()]);
  });

  it("decides the partitions that can be asked, and undoes them when another refuses", async () => {
    const { store, decide, left } = start();
    const charges = [
      { policy: tokens, key: "user", cost: 100 },
      { policy: closed, key: "org" },
    ];
    expect((await decide(...charges)).admitted).toBe(true);
    const decideHealthy = store.decide;
    store.decide = (group, mode) => {
      store.trouble = group[0]?.key === "org" ? "not-run" : "none";
      const answer = decideHealthy(group, mode);
      store.trouble = "none";
      return answer;
    };
    const refused = await decide(...charges);
    expect(refused).toMatchObject({ admitted: false, degraded: true });
    expect(refused.verdicts.map(({ source }) => source)).toEqual(["store", "closed"]);
    expect(left({ policy: tokens, key: "user" })).toBe(900);
  });
});

describe("what the store did although its caller had been answered", () => {
  it("is undone: the twin has counted it, or nobody was to", async () => {
    const { store, limiter, decide, left } = start();
    store.trouble = "ran-late";
    expect((await decide({ policy: tokens, key: "k", cost: 300 })).verdicts[0]?.source).toBe(
      "local",
    );
    expect((await decide({ policy: closed, key: "k", cost: 30 })).admitted).toBe(false);
    store.trouble = "none";
    await settled(() => left({ policy: tokens, key: "k" })).toBe(1_000);
    await settled(() => left({ policy: closed, key: "k" })).toBe(100);
    expect(limiter.state()).toMatchObject({ undone: 2, uncertain: 0 });
  });

  it("stays where it is a lease of work that goes on, and goes with the work", async () => {
    const { store, limiter, left } = start();
    store.trouble = "ran-late";
    const working = await limiter.reserve([{ policy: runs, key: "k" }]);
    store.trouble = "none";
    expect(working.decision).toMatchObject({ admitted: true, degraded: true });
    await settled(() => limiter.state().undone).toBe(1);
    expect(left({ policy: runs, key: "k" })).toBe(1);
    await working.release();
    await settled(() => left({ policy: runs, key: "k" })).toBe(2);
  });

  it("is undone where it is a lease of work that was refused", async () => {
    const { store, limiter, left } = start();
    const charges = [
      { policy: runs, key: "k" },
      { policy: closed, key: "k" },
    ];
    store.trouble = "ran-late";
    const refused = await limiter.reserve(charges);
    expect(refused.decision.admitted).toBe(false);
    store.trouble = "none";
    await settled(() => left({ policy: runs, key: "k" })).toBe(2);
    await settled(() => left({ policy: closed, key: "k" })).toBe(100);
  });

  it("is not undone where it is a lease that its holder had before", async () => {
    const { store, limiter, decide, left } = start();
    const held = { policy: runs, key: "k", lease: "its-own" };
    expect((await decide(held)).admitted).toBe(true);
    store.trouble = "ran-late";
    expect((await decide(held, { policy: closed, key: "k" })).admitted).toBe(false);
    store.trouble = "none";
    await settled(() => left({ policy: closed, key: "k" })).toBe(100);
    expect(limiter.state().undone).toBe(1);
    expect(left(held)).toBe(1);
  });

  it("is reported where nobody can tell, and its leases are given back", async () => {
    const { store, limiter, decide } = start();
    store.trouble = "unknown";
    await decide({ policy: closed, key: "k" });
    await limiter.reserve([
      { policy: runs, key: "k" },
      { policy: closed, key: "k" },
    ]);
    await settled(() => limiter.state().uncertain).toBe(2);
    store.trouble = "none";
    await settled(() => store.calls.includes("release: none")).toBe(true);
    await settled(() => limiter.state().queued).toBe(0);
  });
});

describe("settlements that the store could not be told", () => {
  it("are told when it is back", async () => {
    const { store, limiter, left } = start();
    const cheap = await limiter.reserve([{ policy: tokens, key: "k", cost: 500 }]);
    const dear = await limiter.reserve([{ policy: closed, key: "k", cost: 10 }]);
    const running = await limiter.reserve([{ policy: runs, key: "k" }]);
    store.trouble = "not-run";
    await cheap.settle({ tokens: 20 });
    await dear.settle({ closed: 60 });
    await running.release();
    await settled(() => limiter.state().queued).toBe(3);
    expect(left({ policy: tokens, key: "k" })).toBe(500);
    store.trouble = "none";
    await settled(() => limiter.state().queued).toBe(0);
    expect(left({ policy: tokens, key: "k" })).toBe(980);
    expect(left({ policy: closed, key: "k" })).toBe(40);
    expect(left({ policy: runs, key: "k" })).toBe(2);
    expect(limiter.state().dropped).toBe(0);
  });

  it("are never refunded twice, and never owed less, where nobody can tell", async () => {
    const { store, limiter, left } = start();
    const cheap = await limiter.reserve([{ policy: tokens, key: "k", cost: 500 }]);
    const dear = await limiter.reserve([{ policy: closed, key: "k", cost: 10 }]);
    store.trouble = "unknown";
    await cheap.settle({ tokens: 20 });
    await dear.settle({ closed: 60 });
    await settled(() => limiter.state()).toMatchObject({ dropped: 1, queued: 1 });
    store.trouble = "none";
    await settled(() => limiter.state().queued).toBe(0);
    expect(left({ policy: tokens, key: "k" })).toBe(500);
    expect(left({ policy: closed, key: "k" })).toBe(40);
  });

  it("are told once where the answer alone was late", async () => {
    const { store, limiter, left } = start();
    const cheap = await limiter.reserve([{ policy: tokens, key: "k", cost: 500 }]);
    store.trouble = "ran-late";
    await cheap.settle({ tokens: 20 });
    store.trouble = "none";
    await settled(() => limiter.state().queued).toBe(0);
    expect(left({ policy: tokens, key: "k" })).toBe(980);
  });

  it("are bounded, and refunds go before debts", async () => {
    const { store, limiter } = start({ maxQueued: 3 });
    const reservations = [];
    for (let i = 0; i < 6; i++) {
      const charges = [
        { policy: tokens, key: "k", cost: 10 },
        { policy: closed, key: "k", cost: 1 },
      ];
      reservations.push(await limiter.reserve(charges));
    }
    store.trouble = "not-run";
    for (const reservation of reservations) await reservation.settle({ tokens: 0, closed: 2 });
    await settled(() => limiter.state()).toMatchObject({ queued: 3, dropped: 9 });
    store.trouble = "none";
    await settled(() => limiter.state().queued).toBe(0);
  });

  it("charge a budget with what was admitted while nobody counted", async () => {
    const { store, limiter, decide, left } = start();
    store.trouble = "not-run";
    await decide({ policy: openBudget, key: "k", cost: 5 });
    const settledLater = await limiter.reserve([{ policy: openBudget, key: "k", cost: 40 }]);
    const neverSettled = await limiter.reserve([{ policy: openBudget, key: "k", cost: 7 }]);
    await settledLater.settle({ usd: 30 });
    await settledLater.release();
    await neverSettled.release();
    const unmade = await limiter.reserve([{ policy: openBudget, key: "k", cost: 9 }]);
    await unmade.cancel();
    store.trouble = "none";
    await settled(() => limiter.state().queued).toBe(0);
    expect(left({ policy: openBudget, key: "k" })).toBe(100 - 5 - 30 - 7);
  });

  it("get one last try when the limiter is closed", async () => {
    const { store, limiter, left } = start();
    const cheap = await limiter.reserve([{ policy: tokens, key: "k", cost: 500 }]);
    store.trouble = "not-run";
    await cheap.settle({ tokens: 0 });
    await settled(() => limiter.state().queued).toBe(1);
    store.trouble = "none";
    await limiter.close();
    expect(left({ policy: tokens, key: "k" })).toBe(1_000);
  });
});
