import { setTimeout as elapse } from "node:timers/promises";
import { createRedis, type Redis } from "@enfilade/redis";
import { anyRedis, type RedisCluster, startRedisCluster } from "@enfilade/testing";
import { afterAll, beforeAll, describe } from "vitest";
import { redisStore } from "../src/index.ts";
import { overIoredis } from "./support/clients.ts";
import { holdsTheContract } from "./support/contract.ts";

/** Decisions are what is tested here, not how fast a busy machine is. */
const PATIENT = { deadlineMs: 5_000 };

describe.each<[string, (url: string) => Redis]>([
  ["node-redis", (url) => createRedis({ url, ...PATIENT })],
  ["ioredis", (url) => overIoredis(url, PATIENT)],
])("the Redis store over %s", (_name, open) => {
  let server: Awaited<ReturnType<typeof anyRedis>>;
  let redis: Redis;
  beforeAll(async () => {
    server = await anyRedis();
    redis = open(server.url);
    await redis.ready();
  });
  afterAll(async () => {
    await redis.close();
    await server.stop();
  });
  holdsTheContract(() => ({ store: redisStore(redis), elapse }));
});

describe("the Redis store on a cluster of three masters", () => {
  let cluster: RedisCluster;
  let redis: Redis;
  beforeAll(async () => {
    cluster = await startRedisCluster();
    redis = createRedis({
      cluster: { rootNodes: cluster.nodes.map(({ url }) => ({ url })) },
      ...PATIENT,
    });
    await redis.ready();
  });
  afterAll(async () => {
    await redis.close();
    await cluster.stop();
  });
  holdsTheContract(() => ({ store: redisStore(redis), elapse }));
});
