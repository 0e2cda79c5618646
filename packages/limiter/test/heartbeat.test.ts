import { describe, expect, it, onTestFinished, vi } from "vitest";
import { concurrency, createLimiter, memoryStore } from "../src/index.ts";
import { shakyStore } from "./support/shaky-store.ts";

const runs = concurrency({ name: "runs", limit: 1_000, ttl: 30_000 });

describe("the heartbeat", () => {
  it("renews many leases of a partition in few calls, none of them so large that it holds up the server", async () => {
    const store = shakyStore();
    const limiter = createLimiter({ store });
    onTestFinished(() => limiter.close());
    vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] });
    onTestFinished(() => void vi.useRealTimers());
    const sizes: number[] = [];
    const { renew } = store;
    store.renew = (leases) => {
      sizes.push(leases.length);
      return renew(leases);
    };
    const work = Array.from({ length: 600 }, () => limiter.reserve([{ policy: runs, key: "k" }]));
    const reservations = await Promise.all(work);

    vi.advanceTimersByTime(10_000);

    expect(sizes).toEqual([256, 256, 88]);
    await Promise.all(reservations.map((reservation) => reservation.release()));
    sizes.length = 0;
    vi.advanceTimersByTime(10_000);
    expect(sizes).toEqual([]);
  });

  it("renews leases of the longest life, and does not do so all the time", async () => {
    const delays: (number | undefined)[] = [];
    const interval = vi.spyOn(globalThis, "setInterval").mockImplementation((...[, ms]) => {
      delays.push(ms);
      return setTimeout(() => {}, 0);
    });
    onTestFinished(() => interval.mockRestore());
    const limiter = createLimiter({ store: memoryStore() });
    const year = concurrency({ name: "year", limit: 1, ttl: 365 * 86_400_000 });
    const reservation = await limiter.reserve([{ policy: year, key: "k" }]);
    expect(delays).toEqual([2 ** 31 - 1]);
    await reservation.release();
  });

  it("tells everybody whose lease is lost, also where one listener fails", async () => {
    vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] });
    onTestFinished(() => void vi.useRealTimers());
    const store = shakyStore();
    store.renew = (leases) => leases;
    const limiter = createLimiter({ store });
    onTestFinished(() => limiter.close());
    const heard: string[] = [];
    for (const name of ["first", "second"]) {
      const reservation = await limiter.reserve([{ policy: runs, key: "k" }]);
      reservation.onLost(() => {
        heard.push(name);
        throw new Error(name);
      });
      reservation.onLost(() => heard.push(`also ${name}`));
    }
    await vi.advanceTimersByTimeAsync(10_000);
    expect(heard).toEqual(["first", "also first", "second", "also second"]);
    expect(limiter.state().lastError).toEqual(new Error("second"));
  });

  it("leaves alone what was let in uncounted although it is above the limit by itself", async () => {
    const store = shakyStore();
    const limiter = createLimiter({ store });
    onTestFinished(() => limiter.close());
    vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] });
    onTestFinished(() => void vi.useRealTimers());
    const open = concurrency({ name: "open", limit: 2, ttl: 30_000, onStoreError: "open" });
    store.trouble = "not-run";
    const { decision } = await limiter.reserve([{ policy: open, key: "k", cost: 1_000_000_000 }]);
    expect(decision).toMatchObject({ admitted: true, degraded: true });
    store.trouble = "none";
    await vi.advanceTimersByTimeAsync(10_000);
    expect(store.calls).toEqual(["decide: not-run"]);
    expect(await limiter.peek([{ policy: open, key: "k", cost: 2 }])).toMatchObject({
      admitted: true,
      degraded: false,
    });
  });
});
