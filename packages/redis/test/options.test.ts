import { Cluster, Redis as Ioredis } from "ioredis";
import { describe, expect, it, onTestFinished } from "vitest";
import { createRedis, ioredis, type RedisOptions } from "../src/index.ts";
import { SAFE_IOREDIS } from "./support/clients.ts";
import { fakeServer } from "./support/fake-driver.ts";

describe("createRedis", () => {
  it.each<[string, Record<string, unknown>, RegExp]>([
    ["no server", {}, /url is "missing"/],
    ["two servers", { url: "redis://x", client: {} }, /client is "given next to url"/],
    ["a misspelt option", { url: "redis://x", deadline: 5 }, /deadline is 5\. Use one of/],
    ["a url of something else", { url: "http://x" }, /Give redis:/],
    ["no sentinels", { sentinel: { name: "x", sentinels: [] } }, /sentinel\.sentinels/],
    ["a deadline of nothing", { deadlineMs: 0 }, /deadlineMs is 0/],
    ["a deadline in words", { deadlineMs: "100" }, /deadlineMs is "100"/],
    ["a breaker that never opens", { failuresToOpen: Number.POSITIVE_INFINITY }, /failuresToOpen/],
    ["a listener that is none", { onEvent: true }, /onEvent is true/],
  ])("refuses %s, and says what to give", (_what, options, message) => {
    const where = Object.keys(options).some((key) => /^(deadlineMs|failures|onEvent)/.test(key));
    const given = where ? { driver: fakeServer().driver, ...options } : options;
    expect(() => createRedis(given as RedisOptions)).toThrow(message);
    expect(() => createRedis(given as RedisOptions)).toThrow(
      expect.objectContaining({ code: "REDIS_INVALID_OPTION" }),
    );
  });

  it("shows no password in an error", () => {
    expect(() => createRedis({ url: "reddis://user:hunter2@host" })).toThrow(
      expect.objectContaining({ message: expect.not.stringContaining("hunter2") }),
    );
  });
});

describe("ioredis()", () => {
  const lazy = { lazyConnect: true };

  it.each([
    ["enableOfflineQueue", true],
    ["maxRetriesPerRequest", 20],
    ["maxRetriesPerRequest", null],
    ["autoResendUnfulfilledCommands", true],
  ])("refuses a client whose %s is %s", (option, value) => {
    const client = new Ioredis({ ...lazy, ...SAFE_IOREDIS, [option]: value });
    onTestFinished(() => client.disconnect());
    expect(() => ioredis(client)).toThrow(
      expect.objectContaining({
        code: "REDIS_UNSAFE_CLIENT",
        message: expect.stringContaining(option),
      }),
    );
  });

  it.each([
    [{ retryDelayOnFailover: 100 }, /retryDelayOnFailover is 100/],
    [{ retryDelayOnClusterDown: 100 }, /retryDelayOnClusterDown is 100/],
    [{ enableOfflineQueue: true }, /enableOfflineQueue is true/],
    [{ redisOptions: {} }, /redisOptions\.maxRetriesPerRequest is undefined/],
  ])("refuses a cluster with %j", (option, message) => {
    const cluster = new Cluster([], {
      ...lazy,
      enableOfflineQueue: false,
      retryDelayOnFailover: 0,
      retryDelayOnClusterDown: 0,
      redisOptions: SAFE_IOREDIS,
      ...option,
    });
    onTestFinished(() => cluster.disconnect());
    expect(() => ioredis(cluster)).toThrow(message);
  });

  it("leaves the client open that it was handed", async () => {
    const client = new Ioredis({ ...lazy, ...SAFE_IOREDIS });
    onTestFinished(() => client.disconnect());
    const redis = createRedis({ driver: ioredis(client) });
    await redis.close();
    expect(client.status).toBe("wait");
    expect(client.listenerCount("ready")).toBe(0);
  });
});
