import { type RedisCluster, type RedisServer, startRedisCluster } from "@enfilade/testing";
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished } from "vitest";
import { defineScript, keySlot } from "../src/index.ts";
import { viaIoredisCluster, viaNodeRedisCluster } from "./support/clients.ts";
import { insist } from "./support/insist.ts";
import { startProxy } from "./support/proxy.ts";

const increment = defineScript({
  name: "increment",
  lua: "return redis.call('INCR', KEYS[1])",
  read: Number,
});

let cluster: RedisCluster;
beforeAll(async () => {
  cluster = await startRedisCluster();
});
afterAll(() => cluster.stop());
beforeEach(() => {
  onTestFinished(() => {
    for (const node of cluster.nodes) node.thaw();
  });
});

let names = 0;
/** A new key that lives on the node with this index. */
function keyOn(index: number): string {
  for (;;) {
    const key = `node:${++names}`;
    if (Math.floor((keySlot(key) * 3) / 16_384) === index) return key;
  }
}

function node(index: number): RedisServer {
  const found = cluster.nodes[index];
  if (found === undefined) throw new Error("unreachable: three nodes");
  return found;
}

describe.each([viaNodeRedisCluster, viaIoredisCluster])("$name", ({ open }) => {
  it("keeps asking the other nodes while one is frozen", async () => {
    const { redis, events } = open(node(0).url, {
      deadlineMs: 80,
      failuresToOpen: 2,
      probeEveryMs: 20,
    });
    await redis.ready();
    const [there, frozen] = [keyOn(1), keyOn(2)];
    expect(await insist(() => redis.run(increment, [there], []))).toBe(1);
    expect(await insist(() => redis.run(increment, [frozen], []))).toBe(1);
    node(2).freeze();
    const calls = [1, 2].map(() =>
      redis.run(increment, [frozen], []).catch((error: unknown) => error),
    );
    for (const error of await Promise.all(calls)) {
      expect(error).toMatchObject({ code: "REDIS_TIMEOUT" });
    }
    await expect(redis.run(increment, [frozen], [])).rejects.toMatchObject({
      code: "REDIS_UNAVAILABLE",
    });
    expect(await insist(() => redis.run(increment, [there], []))).toBe(2);
    node(2).thaw();
    await events.find(({ breaker }) => breaker === "closed");
    expect(await insist(() => redis.run(increment, [frozen], []))).toBe(2);
  });

  it("comes back to a node that died, without the others noticing", async () => {
    const { redis } = open(node(0).url, { probeEveryMs: 20, reconnectAfterMs: 60_000 });
    await redis.ready();
    const [there, dead] = [keyOn(0), keyOn(1)];
    expect(await insist(() => redis.run(increment, [there], []))).toBe(1);
    expect(await insist(() => redis.run(increment, [dead], []))).toBe(1);
    await node(1).kill();
    for (let i = 0; i < 5; i++) {
      const error = await redis.run(increment, [dead], []).catch((reason: unknown) => reason);
      expect(error).toMatchObject({ code: expect.stringMatching(/REDIS_(UNAVAIL|CONNECTION)/) });
      expect(await insist(() => redis.run(increment, [there], []))).toBe(2 + i);
    }
    await node(1).restart();
    await expect
      .poll(() => redis.run(increment, [dead], []).catch(() => 0), { timeout: 15_000 })
      .toBeGreaterThan(0);
    await redis.ready();
  });

  it("leaves the other nodes alone while it makes the connection to a frozen one anew", async () => {
    const { redis, events } = open(node(0).url, {
      deadlineMs: 1_000,
      failuresToOpen: 1,
      probeEveryMs: 20,
      reconnectAfterMs: 300,
    });
    await redis.ready();
    const [there, frozen] = [keyOn(1), keyOn(0)];
    expect(await redis.run(increment, [there], [])).toBe(1);
    node(0).freeze();
    await expect(redis.run(increment, [frozen], [])).rejects.toMatchObject({
      code: "REDIS_TIMEOUT",
    });
    let enough = false;
    void events
      .until((all) => all.filter(({ kind }) => kind === "reconnecting").length >= 5)
      .then(() => {
        enough = true;
      });
    for (let count = 2; !enough; count++) {
      expect(await redis.run(increment, [there], [])).toBe(count);
    }
    node(0).thaw();
    expect(await insist(() => redis.run(increment, [frozen], []))).toBeGreaterThan(0);
  });

  it("finds the slots of a frozen node where another has taken them over", async () => {
    const own = await startRedisCluster();
    onTestFinished(() => own.stop());
    const [heir, other, frozen] = own.nodes;
    const { redis } = open(heir?.url ?? "", {
      deadlineMs: 100,
      failuresToOpen: 1,
      probeEveryMs: 20,
      reconnectAfterMs: 300,
    });
    await redis.ready();
    const key = keyOn(2);
    frozen?.freeze();
    const range = [String(Math.floor((2 * 16_384) / 3)), "16383"];
    for (const survivor of [other, heir]) {
      await survivor?.command("CLUSTER", "DELSLOTSRANGE", ...range);
    }
    expect(await heir?.command("CLUSTER", "ADDSLOTSRANGE", ...range)).toBe("+OK");
    await expect
      .poll(() => redis.run(increment, [key], []).catch(() => 0), { timeout: 15_000 })
      .toBeGreaterThan(0);
  });
});

it("asks again where the slots are when the node that was asked has gone without a word", async () => {
  const proxy = await startProxy(node(0).port);
  onTestFinished(() => proxy.stop());
  proxy.blackhole();
  const { redis, events } = viaNodeRedisCluster.open(proxy.url);
  await events.find(({ kind }) => kind === "failed");
  proxy.release();
  await redis.ready();
  expect(redis.state().nodes).toHaveLength(3);
});
