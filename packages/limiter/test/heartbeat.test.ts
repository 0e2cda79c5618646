import { describe, expect, it, onTestFinished, vi } from "vitest";
import { concurrency, createLimiter } from "../src/index.ts";
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
});
