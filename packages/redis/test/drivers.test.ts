import {
  createRecorder,
  type RedisCluster,
  type RedisServer,
  startRedis,
  startRedisCluster,
} from "@enfilade/testing";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { createRedis, defineScript, keySlot, type RedisEvent, RedisRefused } from "../src/index.ts";
import {
  viaIoredis,
  viaIoredisCluster,
  viaNodeRedis,
  viaNodeRedisCluster,
  type Way,
} from "./support/clients.ts";

const increment = defineScript({
  name: "increment",
  lua: "return { redis.call('INCRBY', KEYS[1], ARGV[1]), #ARGV }",
  read: (reply, nowUs) => ({ reply, nowUs }),
});

/** Not how fast a busy machine is, is what is tested here. */
const PATIENT = { deadlineMs: 10_000 };

let single: RedisServer;
let cluster: RedisCluster;
beforeAll(async () => {
  [single, cluster] = await Promise.all([startRedis(), startRedisCluster()]);
});
afterAll(async () => {
  await Promise.all([single.stop(), cluster.stop()]);
});

let names = 0;
const fresh = () => `key:{${++names}}`;

describe.each<[Way, () => string]>([
  [viaNodeRedis, () => single.url],
  [viaIoredis, () => single.url],
  [viaNodeRedisCluster, () => cluster.nodes[1]?.url ?? ""],
  [viaIoredisCluster, () => cluster.nodes[1]?.url ?? ""],
])("$name", ({ open }, url) => {
  it("runs a script with the server's clock, keys and arguments", async () => {
    const { redis } = open(url(), PATIENT);
    await redis.ready();
    const key = fresh();
    const { reply, nowUs } = await redis.run(increment, [key], [41]);
    expect(reply).toEqual([41, 2]);
    expect(Math.abs(nowUs / 1_000 - Date.now())).toBeLessThan(60_000);
    expect((await redis.run(increment, [key], ["1"])).reply).toEqual([42, 2]);
    expect(Math.abs((redis.serverUs(key) ?? 0) - nowUs)).toBeLessThan(60_000_000);
  });

  it("reads all that a script returns", async () => {
    const { redis } = open(url(), PATIENT);
    await redis.ready();
    const several = defineScript({
      name: "several",
      lua: "return tonumber(ARGV[1]), KEYS[1], { 3 }",
      read: (value, nowUs, values) => ({ value, nowUs, values }),
    });
    const key = fresh();
    const reply = await redis.run(several, [key], [-1]);
    expect(reply).toMatchObject({ value: -1, values: [-1, key, [3]] });
    expect(reply.nowUs).toBeGreaterThan(0);
  });

  it("teaches a script again to a server that has forgotten it", async () => {
    const { redis } = open(url(), PATIENT);
    await redis.ready();
    const key = fresh();
    await redis.run(increment, [key], [1]);
    const servers = url() === single.url ? [single] : cluster.nodes;
    for (const server of servers) await server.command("SCRIPT", "FLUSH");
    const before = redis.state().counts.scriptLoads;
    expect((await redis.run(increment, [key], [1])).reply).toEqual([2, 2]);
    expect(redis.state().counts.scriptLoads).toBe(before + 1);
  });

  it("says what the server refused, and goes on", async () => {
    const { redis } = open(url(), PATIENT);
    await redis.ready();
    const key = fresh();
    await redis.command(["LPUSH", key, "x"], key);
    const refusal = await redis.run(increment, [key], [1]).catch((error: unknown) => error);
    expect(refusal).toBeInstanceOf(RedisRefused);
    expect(await (refusal as RedisRefused).fate).toEqual({ ran: "no" });
    expect(String(refusal)).toMatch(/WRONGTYPE/);
    expect(redis.state()).toMatchObject({ ready: true, inFlight: 0 });
    expect(await redis.command(["LLEN", key], key)).toBe(1);
  });

  it("tells when a script answers what it never answers", async () => {
    const { redis } = open(url(), PATIENT);
    await redis.ready();
    const odd = defineScript({
      name: "odd",
      lua: "return 'odd'",
      read: (reply) => {
        throw new Error(`not a number: ${String(reply)}`);
      },
    });
    await expect(redis.run(odd, [fresh()], [])).rejects.toMatchObject({
      code: "REDIS_UNREADABLE_REPLY",
    });
  });

  it("reports its nodes", async () => {
    const { redis } = open(url(), PATIENT);
    await redis.ready();
    const { nodes, ready } = redis.state();
    expect(ready).toBe(true);
    expect(nodes).toHaveLength(url() === single.url ? 1 : 3);
    for (const node of nodes) expect(node).toMatchObject({ ready: true, breaker: "closed" });
  });

  it("refuses everything once it is closed", async () => {
    const { redis } = open(url(), PATIENT);
    await redis.ready();
    await redis.close();
    await expect(redis.run(increment, [fresh()], [1])).rejects.toMatchObject({
      code: "REDIS_UNAVAILABLE",
    });
    await expect(redis.ready()).rejects.toMatchObject({ code: "REDIS_UNAVAILABLE" });
  });
});

describe.each([viaNodeRedisCluster, viaIoredisCluster])("$name, over the slots", ({ open }) => {
  it("finds every key's node", async () => {
    const { redis } = open(cluster.nodes[0]?.url ?? "", PATIENT);
    await redis.ready();
    const keys = Array.from({ length: 60 }, () => fresh());
    const replies = await Promise.all(keys.map((key) => redis.run(increment, [key], [1])));
    expect(replies.every(({ reply }) => Array.isArray(reply) && reply[0] === 1)).toBe(true);
    const counts = await Promise.all(cluster.nodes.map((node) => node.command("DBSIZE")));
    expect(counts.every((count) => Number(count.slice(1)) > 5)).toBe(true);
  });

  it("follows a slot that has moved", async () => {
    const { redis } = open(cluster.nodes[0]?.url ?? "", PATIENT);
    await redis.ready();
    const key = fresh();
    await redis.run(increment, [key], [1]);
    const slot = keySlot(key);
    const owner = Math.floor((slot * 3) / 16_384);
    const [from, to] = [cluster.nodes[owner], cluster.nodes[(owner + 1) % 3]];
    if (from === undefined || to === undefined) throw new Error("unreachable: three nodes");
    await from.command("DEL", key);
    const id = (await to.command("CLUSTER", "MYID")).split("\r\n")[1] ?? "";
    for (const node of [to, from]) await node.command("CLUSTER", "SETSLOT", `${slot}`, "NODE", id);
    expect((await redis.run(increment, [key], [7])).reply).toEqual([7, 2]);
    expect((await redis.run(increment, [key], [7])).reply).toEqual([14, 2]);
  });

  it("agrees with the server about slots", async () => {
    for (const key of ["", "a", "{a}b", "b{a}", "{}a", "a{}b", "{{a}}b", "ключ", "🗝️{x}", "{a"]) {
      const reply = await cluster.nodes[0]?.command("CLUSTER", "KEYSLOT", key);
      expect(`:${keySlot(key)}`).toBe(reply);
    }
  });
});

it("calls a node by the cluster's own address, wherever it is reached", async () => {
  const url = cluster.nodes[0]?.url ?? "";
  const events = createRecorder<RedisEvent>();
  const redis = createRedis({
    cluster: {
      rootNodes: [{ url }],
      nodeAddressMap: (address) => ({ host: "localhost", port: Number(address.split(":")[1]) }),
    },
    onEvent: events.record,
  });
  onTestFinished(() => redis.close());
  await redis.ready();
  const ready = await events.find(({ kind }) => kind === "ready");
  expect(redis.state().nodes.map(({ node }) => node)).toContain(ready.node);
});
