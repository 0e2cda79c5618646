import { redisStore } from "@enfilade/limiter";
import { createRedis } from "@enfilade/redis";
import Fastify from "fastify";
import { quota } from "../../src/index.ts";

/** A process that begins a run, says so, and works on it until it is killed. */
process.once("message", ({ url, ttlMs }: { url: string; ttlMs: number }) => {
  void hold(url, ttlMs);
});

async function hold(url: string, ttlMs: number): Promise<void> {
  const redis = createRedis({ url, deadlineMs: 5_000 });
  await redis.ready();
  const app = Fastify();
  await app.register(quota, {
    store: redisStore(redis),
    policies: { runs: { counts: "runs", limit: 1, by: "address", ttlMs } },
  });
  app.get("/", { config: { quota: true } }, async () => {
    process.send?.("running");
    await new Promise(() => {});
  });
  await app.inject("/");
}
