import { createRecorder, type RedisSentinel, startRedisSentinel } from "@enfilade/testing";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { createRedis, defineScript, type RedisEvent } from "../src/index.ts";
import { insist } from "./support/insist.ts";

const increment = defineScript({
  name: "increment",
  lua: "return redis.call('INCR', KEYS[1])",
  read: Number,
});

let group: RedisSentinel;
beforeAll(async () => {
  group = await startRedisSentinel();
});
afterAll(() => group.stop());

describe("a master that Sentinel watches", () => {
  it("is found, lost, and found again where the replica has taken over", async () => {
    const events = createRecorder<RedisEvent>();
    const redis = createRedis({
      sentinel: {
        name: group.name,
        // The first one is gone: the next is asked.
        sentinels: [
          { host: "127.0.0.1", port: 1 },
          { host: "127.0.0.1", port: group.sentinel.port },
        ],
      },
      onEvent: events.record,
    });
    onTestFinished(() => redis.close());
    await redis.ready();
    expect(await insist(() => redis.run(increment, ["key"], []))).toBe(1);
    expect(await group.master.command("GET", "key")).toContain("1");
    await expect.poll(() => group.replica.command("GET", "key")).toContain("1");
    await group.master.kill();
    await events.find(({ kind }) => kind === "lost");
    await expect
      .poll(() => redis.run(increment, ["key"], []).catch(() => 0), { timeout: 15_000 })
      .toBe(2);
    expect(await group.replica.command("GET", "key")).toContain("2");
  });

  it("is waited for while no sentinel knows it", async () => {
    const redis = createRedis({
      sentinel: {
        name: "nobody",
        sentinels: [{ host: "127.0.0.1", port: group.sentinel.port }],
      },
    });
    onTestFinished(() => redis.close());
    await expect(redis.run(increment, ["key"], [])).rejects.toMatchObject({
      code: "REDIS_UNAVAILABLE",
    });
  });
});
