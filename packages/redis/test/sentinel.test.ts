import { createRecorder, type RedisSentinel, startRedisSentinel } from "@enfilade/testing";
import { Redis as Ioredis } from "ioredis";
import { describe, expect, it, onTestFinished } from "vitest";
import { createRedis, defineScript, ioredis, type RedisEvent } from "../src/index.ts";
import { SAFE_IOREDIS } from "./support/clients.ts";
import { insist } from "./support/insist.ts";

const increment = defineScript({
  name: "increment",
  lua: "return redis.call('INCR', KEYS[1])",
  read: Number,
});

/** The first one is gone: the next is asked. */
const sentinelsOf = (group: RedisSentinel) => [
  { host: "127.0.0.1", port: 1 },
  { host: "127.0.0.1", port: group.sentinel.port },
];

async function start(): Promise<RedisSentinel> {
  const group = await startRedisSentinel();
  onTestFinished(() => group.stop());
  return group;
}

function viaNodeRedis({ group, name = group.name }: { group: RedisSentinel; name?: string }) {
  return { sentinel: { name, sentinels: sentinelsOf(group) } };
}

function viaIoredis({ group, name = group.name }: { group: RedisSentinel; name?: string }) {
  const client = new Ioredis({
    ...SAFE_IOREDIS,
    name,
    sentinels: sentinelsOf(group),
    sentinelRetryStrategy: () => 50,
    retryStrategy: () => 50,
  });
  onTestFinished(() => client.disconnect());
  return { driver: ioredis(client) };
}

describe.each([
  ["node-redis", viaNodeRedis],
  ["ioredis", viaIoredis],
])("a master that Sentinel watches, over %s", (_client, via) => {
  it("is found, lost, and found again where the replica has taken over", async () => {
    const group = await start();
    const events = createRecorder<RedisEvent>();
    const redis = createRedis({ ...via({ group }), onEvent: events.record });
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
    const group = await start();
    const events = createRecorder<RedisEvent>();
    const redis = createRedis({ ...via({ group, name: "nobody" }), onEvent: events.record });
    onTestFinished(() => redis.close());
    await expect(redis.run(increment, ["key"], [])).rejects.toMatchObject({
      code: "REDIS_UNAVAILABLE",
    });
    await events.find(({ kind }) => kind === "failed");
  });
});
