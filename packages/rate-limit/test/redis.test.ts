import { redisStore, strictWindow } from "@enfilade/limiter";
import { createApp, WAYS } from "@enfilade/line-testing";
import { createRedis, type Redis } from "@enfilade/redis";
import { anyRedis } from "@enfilade/testing";
import type { FastifyInstance } from "fastify";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type RateLimitOptions, rateLimit } from "../src/index.ts";
import { as, believing, statuses, times } from "./apps.ts";

let server: Awaited<ReturnType<typeof anyRedis>>;
beforeAll(async () => {
  server = await anyRedis();
});
afterAll(() => server.stop());

let prefixes = 0;

/** Processes that share nothing but a Redis server. */
async function fleet(
  size: number,
  options: RateLimitOptions,
  way: (typeof WAYS)[number] = "alone",
): Promise<{ apps: FastifyInstance[]; redis: Redis; prefix: string }> {
  const prefix = `rate-limit-test-${process.pid}-${++prefixes}:`;
  const connections: Redis[] = [];
  const apps = await Promise.all(
    times(size, undefined).map(async () => {
      const redis = createRedis({ url: server.url, deadlineMs: 10_000 });
      connections.push(redis);
      const app = await createApp({ way });
      app.addHook("onClose", () => redis.close());
      await app.register(believing);
      await app.register(rateLimit, { store: redisStore(redis, { prefix }), ...options });
      app.get("/", async () => "ok");
      await redis.ready();
      return app;
    }),
  );
  return { apps, redis: connections[0] as Redis, prefix };
}

describe.each(WAYS)("%s, processes that share a Redis server", (way) => {
  it("admit together what one of them would, however many ask at once", async () => {
    const { apps } = await fleet(3, { max: 20, timeWindow: "1 hour" }, way);
    const answers = await Promise.all(
      times(60, "ann").map((url, index) => apps[index % 3]?.inject(as(url))),
    );
    expect(answers.filter((answer) => answer?.statusCode === 200)).toHaveLength(20);
    const refused = answers.find((answer) => answer?.statusCode === 429);
    expect(refused?.headers.ratelimit).toMatch(/^"address";r=0;t=\d+$/);
    expect(Number(refused?.headers["retry-after"])).toBeGreaterThan(3_000);
  });

  it("decide several policies in one step: refusals of one burn nothing of another", async () => {
    const policies = [
      strictWindow({ name: "minute", limit: 1, per: "hour" }),
      strictWindow({ name: "day", limit: 2, per: "day" }),
    ];
    const { apps } = await fleet(2, { policies }, way);
    const [one, other] = apps as [FastifyInstance, FastifyInstance];
    expect(await statuses(one, times(5, as("ann")))).toEqual([200, 429, 429, 429, 429]);
    const refused = await other.inject(as("ann"));
    expect(refused.json()["violated-policies"]).toEqual(["minute"]);
    expect(refused.headers.ratelimit).toMatch(/"minute";r=0;t=\d+/);
  });

  it("count failed authentications together", async () => {
    const { apps } = await fleet(2, { failures: { max: 2, timeWindow: "1 hour" } }, way);
    const [one, other] = apps as [FastifyInstance, FastifyInstance];
    expect(await statuses(one, [as("bad"), as("bad")])).toEqual([401, 401]);
    expect(await statuses(other, [as("bad"), as("ann")])).toEqual([429, 200]);
  });

  it("share what a group counts, and ban together", async () => {
    const { apps } = await fleet(2, { ban: 1 }, way);
    const own = { rateLimit: { max: 1, timeWindow: "1 hour", groupId: "login" } } as const;
    for (const app of apps) {
      app.get("/login", { config: own }, async () => "ok");
      app.get("/reset", { config: own }, async () => "ok");
    }
    const [one, other] = apps as [FastifyInstance, FastifyInstance];
    expect(await statuses(one, [as("ann", "/login"), as("ann", "/reset")])).toEqual([200, 429]);
    expect(await statuses(other, [as("ann", "/login")])).toEqual([403]);
  });
});

it("a Redis server gets addresses as they are counted, and no principal's name", async () => {
  const { apps, redis, prefix } = await fleet(1, { by: "principal", max: 5 });
  const [app] = apps as [FastifyInstance];
  await app.inject(as("ann@example.com"));
  const keys = await keysOf(redis, prefix);
  expect(keys).toHaveLength(1);
  expect(keys[0]).not.toContain("ann");

  const shield = await fleet(1, { max: 5 });
  await shield.apps[0]?.inject({ ...as("ann"), remoteAddress: "2001:db8:1:2::3" });
  expect(await keysOf(shield.redis, shield.prefix)).toEqual([
    expect.stringContaining("rate-limit 2001:db8:1:2::/64"),
  ]);
});

async function keysOf(redis: Redis, prefix: string): Promise<string[]> {
  return (await redis.command(["KEYS", `${prefix}*`])) as string[];
}
