import { createRedis } from "@enfilade/redis";
import { concurrency, createLimiter, redisStore } from "../../src/index.ts";

/** A process that takes a lease, says so, and works until it is killed. */
process.once("message", ({ url, ttl }: { url: string; ttl: number }) => {
  void hold(url, ttl);
});

async function hold(url: string, ttl: number): Promise<void> {
  const redis = createRedis({ url });
  await redis.ready();
  const limiter = createLimiter({ store: redisStore(redis) });
  const { decision } = await limiter.reserve([
    { policy: concurrency({ name: "runs", limit: 1, ttl }), key: "worker" },
  ]);
  process.send?.(decision.admitted);
}
