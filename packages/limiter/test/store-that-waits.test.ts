import { describe, expect, it, onTestFinished } from "vitest";
import {
  concurrency,
  createLimiter,
  gcra,
  type Lease,
  memoryStore,
  type Store,
} from "../src/index.ts";
import { ReplayQueue } from "../src/replay-queue.ts";

const rate = gcra({ name: "rate", limit: 1, per: "hour", burst: 10 });
const runs = concurrency({ name: "runs", limit: 1, ttl: 60_000 });

/** A store that decides everything in one step, as memory does, and takes its time. */
function start() {
  const memory = memoryStore();
  const calls: string[] = [];
  let fails = 0;
  async function call<T>(name: string, run: () => T): Promise<T> {
    await Promise.resolve();
    calls.push(name);
    if (fails > 0) {
      fails -= 1;
      throw new Error(`${name} has failed`);
    }
    return run();
  }
  const store: Store = {
    partitioned: false,
    decide: (charges, mode) => call("decide", () => memory.decide(charges, mode)),
    adjust: (adjustments) => call("adjust", () => memory.adjust(adjustments)),
    renew: (leases) => call("renew", () => memory.renew(leases)),
    release: (leases) => call("release", () => memory.release(leases)),
    forget: (charges) => call("forget", () => memory.forget(charges)),
  };
  const limiter = createLimiter({ store });
  onTestFinished(() => limiter.close());
  const left = async () =>
    (await limiter.peek([{ policy: rate, key: "k", cost: 0 }])).verdicts[0]?.remaining;
  const fail = (times: number) => {
    fails = times;
  };
  return { limiter, calls, left, fail };
}

describe("a store of one step that takes its time", () => {
  it("is asked once for each decision", async () => {
    const { limiter, calls, left } = start();
    expect(await limiter.decide([{ policy: rate, key: "k", cost: 4 }])).toMatchObject({
      admitted: true,
    });
    expect(await left()).toBe(6);
    expect(calls).toEqual(["decide", "decide"]);
  });

  it("is done without where it fails, by the policies", async () => {
    const { limiter, fail, left } = start();
    fail(1);
    expect(await limiter.decide([{ policy: rate, key: "k", cost: 4 }])).toMatchObject({
      admitted: true,
      degraded: true,
      verdicts: [{ source: "local" }],
    });
    expect(await left()).toBe(10);
  });

  it("has heard of a settlement once that is done, and hears of one that has failed later", async () => {
    const { limiter, calls, left, fail } = start();
    const work = { policy: runs, key: "k" };
    const first = await limiter.reserve([{ policy: rate, key: "k", cost: 4 }, work]);
    await first.settle({ rate: 1 });
    await first.release();
    expect(await left()).toBe(9);

    const second = await limiter.reserve([{ policy: rate, key: "k", cost: 4 }, work]);
    fail(2);
    await second.settle({ rate: 1 });
    await second.release();
    expect(limiter.state().queued).toBe(2);
    await expect.poll(() => limiter.state().queued).toBe(0);
    expect(await left()).toBe(8);
    expect((await limiter.peek([work])).admitted).toBe(true);
    expect(calls.filter((name) => name === "release")).toHaveLength(3);
  });
});

it.each([true, false])(
  "a store that fails at once hears later what it could not be told (partitioned: %s)",
  async (partitioned) => {
    const memory = memoryStore();
    let fails = 0;
    function call<T>(run: () => T): T {
      if (fails > 0) {
        fails -= 1;
        throw new Error("at once");
      }
      return run();
    }
    const limiter = createLimiter({
      store: {
        partitioned,
        decide: (charges, mode) => memory.decide(charges, mode),
        adjust: (adjustments) => call(() => memory.adjust(adjustments)),
        renew: (leases) => memory.renew(leases),
        release: (leases) => call(() => memory.release(leases)),
        forget: (charges) => memory.forget(charges),
      },
    });
    onTestFinished(() => limiter.close());
    const charges = [
      { policy: rate, key: "k", cost: 4 },
      { policy: runs, key: "k" },
    ];
    const reservation = await limiter.reserve(charges);
    fails = 3;
    await reservation.settle({ rate: 1 });
    await reservation.release();
    expect(limiter.state().queued).toBe(2);
    await expect.poll(() => limiter.state().queued).toBe(0);
    expect(await limiter.peek(charges)).toMatchObject({
      admitted: true,
      verdicts: [{ remaining: 5 }, { remaining: 0 }],
    });
  },
);

it("any number of settlements and releases may wait for a store that is away", async () => {
  const away = () => Promise.reject(new Error("away"));
  const store = { adjust: away, release: away } as unknown as Store;
  const queue = new ReplayQueue(store, 1_000_000, () => {});
  onTestFinished(() => queue.close());
  const lease = { key: "k", partition: "k" } as Lease;
  const release = { kind: "release", partition: "k", lease } as const;
  await queue.tell([release]);
  await expect.poll(() => queue.length).toBe(1);
  await queue.tell(new Array<typeof release>(300_000).fill(release));
  expect(queue.length).toBe(300_001);
  await queue.flush();
  await expect.poll(() => queue.length).toBe(300_001);
});
