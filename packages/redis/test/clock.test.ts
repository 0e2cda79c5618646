import fc from "fast-check";
import { describe, expect, it, onTestFinished } from "vitest";
import { createRedis, defineScript } from "../src/index.ts";
import { ServerClock } from "../src/server-clock.ts";
import { fakeServer } from "./support/fake-driver.ts";

const script = defineScript({ name: "count", lua: "return 1", read: Number });
const HOUR_MS = 3_600_000;

function open() {
  const server = fakeServer();
  const redis = createRedis({ driver: server.driver, deadlineMs: 100, failuresToOpen: 1_000 });
  onTestFinished(() => redis.close());
  return { server, redis };
}

describe("the deadline that the server keeps", () => {
  it.each([HOUR_MS, -HOUR_MS, 50, -50])(
    "goes by the server's clock, %i ms off, and follows when that is set",
    async (offset) => {
      const { server, redis } = open();
      server.offsetMs = offset;
      expect(await redis.run(script, ["key"], [])).toBe(1);
      server.offsetMs = 0;
      expect(await redis.run(script, ["key"], [])).toBe(2);
      server.offsetMs = offset;
      expect(await redis.run(script, ["key"], [])).toBe(3);
      expect(Math.abs((redis.serverUs() ?? 0) - serverUs(offset))).toBeLessThan(1_000_000);
      // Frozen with the clock as it is now: what is sent is void when it thaws.
      server.freeze();
      const late = await redis.run(script, ["key"], []).catch((error: unknown) => error);
      expect(late).toMatchObject({ code: "REDIS_TIMEOUT" });
      server.thaw();
      expect(await (late as { fate: unknown }).fate).toEqual({ ran: "no" });
      expect(server.ran).toBe(3);
    },
  );

  it("is told anew to another server behind the same name", async () => {
    const { server, redis } = open();
    await redis.run(script, ["key"], []);
    server.offsetMs = -HOUR_MS;
    server.replace();
    server.freeze();
    const late = redis.run(script, ["key"], []).catch((error: unknown) => error);
    expect(await late).toMatchObject({ code: "REDIS_TIMEOUT" });
    server.thaw();
    expect(server.ran).toBe(1);
    expect(await redis.run(script, ["key"], [])).toBe(2);
  });

  it("cannot be stretched by a caller", async () => {
    const { server, redis } = open();
    await redis.run(script, ["key"], []);
    server.freeze();
    const startedAt = performance.now();
    const late = redis.run(script, ["key"], [], startedAt + 20).catch((error: unknown) => error);
    expect(await late).toMatchObject({ code: "REDIS_TIMEOUT" });
    expect(performance.now() - startedAt).toBeLessThan(100);
  });
});

const serverUs = (offset: number) => (performance.now() + offset) * 1_000 + 10 ** 15;

describe("the server's clock", () => {
  it("is never taken for later than it is, whatever the network does", () => {
    const round = fc.record({
      wait: fc.integer({ min: 0, max: 10_000_000 }),
      there: fc.integer({ min: 0, max: 300_000 }),
      back: fc.integer({ min: 0, max: 300_000 }),
    });
    fc.assert(
      fc.property(
        fc.integer({ min: -(10 ** 15), max: 10 ** 15 }),
        fc.array(round, { minLength: 1, maxLength: 30 }),
        (offset, rounds) => {
          const clock = new ServerClock();
          let local = 0;
          let best = Number.POSITIVE_INFINITY;
          for (const { wait, there, back } of rounds) {
            local += wait;
            const sentAt = local;
            local += there;
            const server = local + offset;
            local += back;
            clock.learn(server, sentAt, local);
            best = Math.min(best + (wait + there + back) * 1e-3, there + back);
            const error = local + offset - clock.atLeast(local);
            expect(error).toBeGreaterThanOrEqual(-0.5);
            expect(error).toBeLessThanOrEqual(best + 1);
          }
        },
      ),
    );
  });
});
