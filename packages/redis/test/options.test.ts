import { Cluster, Redis as Ioredis } from "ioredis";
import { describe, expect, it, onTestFinished } from "vitest";
import { createRedis, ioredis, type RedisOptions } from "../src/index.ts";
import { SAFE_IOREDIS } from "./support/clients.ts";
import { fakeServer } from "./support/fake-driver.ts";

describe("createRedis", () => {
  it.each<[string, Record<string, unknown>, RegExp]>([
    ["no server", {}, /url is missing\. Give one of url, client/],
    ["two servers", { url: "redis://x", client: {} }, /client is given next to url\. Give one/],
    ["a misspelt option", { url: "redis://x", deadline: 5 }, /deadline is unknown\. Use one of/],
    ["a url without a scheme", { url: "localhost:6379" }, /url is "localhost:6379"\. Give redis:/],
    ["a url of something else", { url: "http://x" }, /url is "http:\/\/…"\. Give redis:/],
    ["a url that ends too early", { url: "redis://x:port" }, /url is "redis:\/\/…"\. Give redis:/],
    ["a url that is none", { url: "hunter2" }, /url is not a URL\. Give redis:/],
    ["a url that is empty", { url: "" }, /url is ""\. Give redis:/],
    ["a url of null", { url: null }, /url is null\. Give redis:/],
    ["a client of null", { client: null }, /client is null\. Give the options of node-redis/],
    ["a cluster by its url", { cluster: "redis://x" }, /cluster is a string\. Give the options/],
    [
      "a client in place of a driver",
      { driver: {} },
      /driver is an object\. Give ioredis\(client\)/,
    ],
    ["sentinels of nothing", { sentinel: { name: "x" } }, /sentinels is undefined\. Name at least/],
    ["a deadline of null", { deadlineMs: null }, /deadlineMs is null/],
    ["a listener of null", { onEvent: null }, /onEvent is null\. Give a function/],
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

  it.each([
    [undefined, /url is missing\. Give one of/],
    ["redis://127.0.0.1:6379", /url is not in an object\. Call createRedis\(\{ url \}\)/],
    [null, /url is not in an object/],
  ])("refuses %j in place of options", (options, message) => {
    expect(() => createRedis(options as never)).toThrow(
      expect.objectContaining({
        code: "REDIS_INVALID_OPTION",
        message: expect.stringMatching(message),
      }),
    );
  });

  it.each<Record<string, unknown>>([
    { url: "reddis://user:hunter2@host" },
    { url: "user:hunter2@host:6379" },
    { url: "redis://user:hunter2@host:port" },
    { url: "hunter2" },
    { url: "redis://host", password: "hunter2" },
    { client: "redis://user:hunter2@host" },
  ])("shows no password in an error: %j", (options) => {
    expect(() => createRedis(options)).toThrow(
      expect.objectContaining({
        code: "REDIS_INVALID_OPTION",
        message: expect.not.stringContaining("hunter2"),
      }),
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

  it.each([undefined, {}, "redis://user:hunter2@host"])(
    "refuses %j, which is no client",
    (client) => {
      expect(() => ioredis(client as never)).toThrow(
        expect.objectContaining({
          code: "REDIS_INVALID_OPTION",
          message: expect.not.stringContaining("hunter2"),
        }),
      );
    },
  );

  it("leaves the client open that it was handed", async () => {
    const client = new Ioredis({ ...lazy, ...SAFE_IOREDIS });
    onTestFinished(() => client.disconnect());
    const redis = createRedis({ driver: ioredis(client) });
    await redis.close();
    expect(client.status).toBe("wait");
    expect(client.listenerCount("ready")).toBe(0);
  });
});
