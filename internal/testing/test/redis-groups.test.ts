import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  createRecorder,
  type RedisCluster,
  type RedisSentinel,
  startRedisCluster,
  startRedisSentinel,
} from "../src/index.ts";

describe("a cluster of one's own", () => {
  let cluster: RedisCluster;
  beforeAll(async () => {
    cluster = await startRedisCluster();
  });
  afterAll(() => cluster.stop());

  it("shares the slots among three masters", async () => {
    const replies = await Promise.all(cluster.nodes.map((node) => node.command("GET", "foo")));
    // CLUSTER KEYSLOT foo is 12182: the third node's.
    expect(replies.map((reply) => reply.split(" ")[0])).toEqual(["-MOVED", "-MOVED", "$-1"]);
  });
});

describe("a sentinel of one's own", () => {
  let group: RedisSentinel;
  beforeAll(async () => {
    group = await startRedisSentinel();
  });
  afterAll(() => group.stop());

  it("promotes the replica when the master dies", async () => {
    const { master, replica, sentinel, name } = group;
    const address = () => sentinel.command("SENTINEL", "get-master-addr-by-name", name);
    expect(await address()).toContain(String(master.port));
    await master.kill();
    const seen = createRecorder<string>();
    const look = setInterval(() => void address().then((reply) => seen.record(reply)), 100);
    await seen.find((reply) => reply.includes(String(replica.port)));
    clearInterval(look);
    expect(await replica.command("SET", "key", "value")).toBe("+OK");
  });
});
