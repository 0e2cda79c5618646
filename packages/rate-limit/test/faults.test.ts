import { redisStore } from "@enfilade/limiter";
import { createApp } from "@enfilade/line-testing";
import { createRedis } from "@enfilade/redis";
import { startRedis } from "@enfilade/testing";
import { expect, it, onTestFinished } from "vitest";
import { rateLimit } from "../src/index.ts";
import { statuses, times } from "./apps.ts";

it("a Redis server that is frozen holds no request up beyond the deadline: this process goes on", async () => {
  const own = await startRedis();
  onTestFinished(() => own.stop());
  const redis = createRedis({ url: own.url });
  const app = await createApp();
  onTestFinished(() => redis.close());
  await app.register(rateLimit, { max: 4, liveNodes: 2, store: redisStore(redis) });
  app.get("/", async () => "ok");
  await redis.ready();
  own.freeze();
  onTestFinished(() => own.thaw());
  expect(await statuses(app, times(4, "/"))).toEqual([200, 200, 429, 429]);
});
