import { describe, expect, it, onTestFinished, vi } from "vitest";
import { concurrency, createLimiter, type Lease, memoryStore, type Store } from "../src/index.ts";

const runs = concurrency({ name: "runs", limit: 1, ttl: 30_000 });

/** A limiter on a store that says which leases are lost. */
async function holdLease() {
  vi.useFakeTimers();
  onTestFinished(() => void vi.useRealTimers());
  const memory = memoryStore();
  let lost: readonly Lease[] = [];
  const renewed: Lease[] = [];
  const store: Store = {
    partitioned: false,
    decide: (charges, mode) => memory.decide(charges, mode),
    adjust: (adjustments) => memory.adjust(adjustments),
    release: (leases) => memory.release(leases),
    forget: (charges) => memory.forget(charges),
    renew(leases) {
      renewed.push(...leases);
      return lost.length === 0 ? [] : leases;
    },
  };
  const limiter = createLimiter({ store });
  onTestFinished(() => limiter.close());
  const reservation = await limiter.reserve([{ policy: runs, key: "k" }]);
  const losePlace = async () => {
    lost = renewed;
    await vi.advanceTimersByTimeAsync(10_000);
  };
  return { reservation, losePlace, renewed };
}

describe("a reservation whose lease is lost", () => {
  it("tells who listens, once", async () => {
    const { reservation, losePlace } = await holdLease();
    const heard: string[] = [];
    reservation.onLost((policy) => heard.push(policy));
    await vi.advanceTimersByTimeAsync(20_000);
    expect(heard).toEqual([]);

    await losePlace();
    await losePlace();

    expect(heard).toEqual(["runs"]);
  });

  it("tells who comes to listen afterwards", async () => {
    const { reservation, losePlace } = await holdLease();
    await vi.advanceTimersByTimeAsync(10_000);
    await losePlace();
    const heard: string[] = [];

    reservation.onLost((policy) => heard.push(policy));

    expect(heard).toEqual(["runs"]);
  });

  it("tells nobody once the lease was given back", async () => {
    const { reservation, losePlace, renewed } = await holdLease();
    const heard: string[] = [];
    reservation.onLost((policy) => heard.push(policy));
    await vi.advanceTimersByTimeAsync(10_000);
    await reservation.free();
    const before = renewed.length;

    await losePlace();

    expect(heard).toEqual([]);
    expect(renewed).toHaveLength(before);
  });
});
