import { fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { apiKey, generateKey } from "@enfilade/api-key";
import { auth } from "@enfilade/auth";
import { concurrency, createLimiter, redisStore, strictWindow } from "@enfilade/limiter";
import { createApp } from "@enfilade/line-testing";
import { createRedis, type Redis } from "@enfilade/redis";
import {
  createDeferred,
  createRecorder,
  listen,
  openExchange,
  type RedisServer,
  startRedis,
} from "@enfilade/testing";
import type { FastifyInstance } from "fastify";
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test } from "vitest";
import { type QuotaOptions, quota } from "../src/index.ts";
import { ann, eventually, quotaApp } from "./support/apps.ts";

let server: RedisServer;
beforeAll(async () => {
  server = await startRedis();
});
afterAll(() => server.stop());
beforeEach(async () => {
  await server.command("FLUSHALL");
});

/** A connection of one process to the server; patient, because decisions are tested here and not machines. */
async function connect(deadlineMs = 5_000): Promise<Redis> {
  const redis = createRedis({ url: server.url, deadlineMs });
  onTestFinished(() => redis.close());
  await redis.ready();
  return redis;
}

const policies = {
  requests: { counts: "requests", limit: 100, per: "hour" },
  tokens: { counts: "tokens", limit: 1_000, per: "hour" },
  spend: { counts: "money", limit: 1_000_000, per: "day" },
  runs: { counts: "runs", limit: 2 },
} as const;

/** One of several processes. */
async function processOf(redis: Redis, options: Partial<QuotaOptions> = {}) {
  return await quotaApp("in line", {
    policies,
    estimate: () => ({ tokens: 100, money: 500 }),
    store: redisStore(redis),
    ...options,
  });
}

const ask = (app: FastifyInstance, url = "/") => app.inject({ url, headers: ann });

describe("processes that share a Redis", () => {
  test("count together: what is reserved, what is refunded, and who is running", async () => {
    const [one, other] = [await processOf(await connect()), await processOf(await connect())];
    const done = createDeferred();
    for (const { app } of [one, other]) {
      app.get("/", { config: { quota: true } }, async (request) => {
        await done.promise;
        await request.quota?.settle({ tokens: 30, money: 200 });
        return "done";
      });
    }
    const running = [ask(one.app), ask(other.app)];
    await expect
      .poll(() => one.used())
      .toEqual({ requests: 2, tokens: 200, spend: 1_000, runs: 2 });
    expect((await ask(other.app)).json()["violated-policies"]).toEqual(["runs"]);

    done.resolve();
    await Promise.all(running);

    expect(await other.used()).toEqual({ requests: 2, tokens: 60, spend: 400, runs: 0 });
    expect((await ask(one.app)).statusCode).toBe(200);
  });

  test("let a request of one wait until a run of another has ended", async () => {
    const queue = { queue: { maxWaiting: 5 } };
    const [one, other] = [
      await processOf(await connect(), queue),
      await processOf(await connect(), queue),
    ];
    const running = createRecorder<() => void>();
    for (const { app } of [one, other]) {
      app.get("/", { config: { quota: true } }, async () => {
        const done = createDeferred();
        running.record(done.resolve);
        await done.promise;
        return "done";
      });
    }
    const all = [ask(one.app), ask(one.app)];
    await running.until((runs) => runs.length === 2);
    all.push(ask(other.app));
    await eventually(() => other.app.quota.state().waiting).toBe(1);

    running.items[0]?.();
    await running.until((runs) => runs.length === 3);
    for (const finish of running.items) finish();

    expect((await Promise.all(all)).map(({ statusCode }) => statusCode)).toEqual([200, 200, 200]);
  });

  test("ask it once for a run, and tell it twice: what it has cost, and that its place is free", async () => {
    const redis = await connect();
    const { app } = await processOf(redis);
    app.get("/", { config: { quota: true } }, async (request) => {
      await request.quota?.settle({ tokens: 30 });
      return "done";
    });
    await ask(app);
    const before = redis.state().counts.sent;
    await ask(app);
    expect(redis.state().counts.sent - before).toBe(3);
  });
});

test("the place of a run whose process was killed is free when its lease is over, and no later", {
  timeout: 30_000,
}, async () => {
  const ttlMs = 600;
  const holder = fork(join(import.meta.dirname, "support/run-holder.ts"), {
    execArgv: ["--conditions=@enfilade/source", "--import", import.meta.resolve("tsx")],
  });
  onTestFinished(() => void holder.kill("SIGKILL"));
  const running = once(holder, "message");
  holder.send({ url: server.url, ttlMs });
  expect((await running)[0]).toBe("running");

  const limiter = createLimiter({ store: redisStore(await connect()), denyCacheMs: 0 });
  onTestFinished(() => limiter.close());
  const policy = concurrency({ name: "runs", limit: 1, ttl: ttlMs });
  const next = () => limiter.decide([{ policy, key: "address:127.0.0.1", lease: "next" }]);
  let last = await next();
  expect(last.admitted).toBe(false);
  holder.kill("SIGKILL");
  await once(holder, "exit");

  // Redis' own clock: when it would expire, and when it has.
  last = await next();
  const [verdict] = last.verdicts;
  const expiresMs = last.atMs + (verdict?.retryAfterMs ?? 0);
  expect(verdict?.retryAfterMs).toBeLessThanOrEqual(ttlMs);
  while (!last.admitted) last = await next();
  expect(last.atMs).toBeGreaterThanOrEqual(expiresMs - 1);
  expect(last.atMs).toBeLessThan(expiresMs + 100);
});

test("a client that leaves gives its place back", async () => {
  const { app, used } = await processOf(await connect(), {
    estimate: () => ({ tokens: 10 }),
    settleWithinMs: 0,
  });
  app.get("/", { config: { quota: true } }, (_request, reply) => {
    reply.hijack();
    reply.raw.write("begun");
  });
  const origin = await listen(app);
  for (let i = 0; i < 10; i++) {
    const pair = await Promise.all([1, 2].map(() => openExchange(origin, { headers: ann })));
    for (const exchange of pair) await exchange.bodyUntil("begun");
    for (const exchange of pair) exchange.destroy();
    await eventually(async () => (await used()).runs).toBe(0);
  }
  expect(await used()).toMatchObject({ requests: 20, tokens: 200 });
});

test("500 aborted runs leave no place taken, and no key that lasts", async () => {
  const { app, used } = await processOf(await connect(), {
    policies: { runs: { counts: "runs", limit: 50 } },
    estimate: () => ({}),
    settleWithinMs: 0,
  });
  app.get("/", { config: { quota: true } }, (_request, reply) => {
    reply.hijack();
    reply.raw.write("begun");
  });
  const origin = await listen(app);
  for (let batch = 0; batch < 10; batch++) {
    const all = await Promise.all(
      Array.from({ length: 50 }, () => openExchange(origin, { headers: ann })),
    );
    for (const exchange of all) await exchange.bodyUntil("begun");
    for (const exchange of all) exchange.reset();
    await eventually(used).toEqual({ runs: 0 });
  }
  await eventually(() => app.quota.state().open).toBe(0);
  expect(await server.command("DBSIZE")).toBe(":0");
});

test("a run whose place was given to another one is aborted, and told why", async () => {
  const redis = await connect();
  const { app } = await processOf(redis, {
    policies: { runs: { counts: "runs", limit: 1, ttlMs: 90 } },
    estimate: () => ({}),
  });
  const aborted = createRecorder<string>();
  app.get("/", { config: { quota: true } }, async ({ quota }) => {
    const signal = quota?.signal;
    await new Promise((resolve) => {
      signal?.addEventListener("abort", () => resolve(aborted.record(signal.reason.code)));
    });
    throw signal?.reason;
  });
  const running = ask(app);
  const key = "limit:{principal:test:ann}:c:runs";
  await eventually(() => server.command("ZCARD", key)).toBe(":1");

  // As after a freeze that was longer than a lease: it has expired, and somebody else has come.
  await server.command("DEL", key);
  await server.command("ZADD", key, "9999999999999999", "somebody-else");

  expect(await aborted.find(() => true)).toBe("QUOTA_LEASE_LOST");
  expect((await running).statusCode).toBe(503);
  await eventually(() => server.command("ZRANGE", key, "0", "-1")).toContain("somebody-else");
  await eventually(() => server.command("ZCARD", key)).toBe(":1");
});

describe("while Redis does not answer", () => {
  test("runs go on in this process' share, money is not spent, and what was settled is counted afterwards", async () => {
    const redis = await connect(1_000);
    const { app, used } = await processOf(redis, {
      policies: {
        tokens: { ...policies.tokens },
        runs: { counts: "runs", limit: 4 },
      },
      liveNodes: 2,
    });
    const settle = createDeferred();
    app.get("/", { config: { quota: true } }, async (request) => {
      await settle.promise;
      await request.quota?.settle({ tokens: 10 });
      return "done";
    });
    const before = ask(app);
    await eventually(async () => (await used()).tokens).toBe(100);

    server.freeze();
    onTestFinished(() => server.thaw());
    const during = [ask(app), ask(app), ask(app)];
    await eventually(() => app.quota.state().degraded).toBeGreaterThanOrEqual(3);
    settle.resolve();
    const statuses = (await Promise.all(during)).map(({ statusCode }) => statusCode);
    // Two of four are this node's share, and one of them was running already.
    expect(statuses.toSorted()).toEqual([200, 429, 429]);
    expect((await before).statusCode).toBe(200);
    server.thaw();

    await eventually(used).toEqual({ tokens: 10, runs: 0 });
  });

  test("a budget of money refuses, as the fault of the server", async () => {
    const { app } = await processOf(await connect(1_000));
    app.get("/", { config: { quota: true } }, () => "done");
    await ask(app);
    server.freeze();
    onTestFinished(() => server.thaw());

    const refused = await ask(app);

    expect(refused.statusCode).toBe(503);
    expect(refused.json()).toMatchObject({ code: "QUOTA_BUSY" });
    expect(refused.headers["retry-after"]).toBe("1");
    await expect(app.quota.reset({ principal: "test:ann" })).rejects.toMatchObject({
      code: "QUOTA_UNAVAILABLE",
      statusCode: 503,
    });
  });
});

test("a reset is seen by all processes, also by those that have just refused", async () => {
  const [one, other] = [await processOf(await connect()), await processOf(await connect())];
  for (const { app } of [one, other]) {
    app.get("/", { config: { quota: true } }, async (request) => {
      await request.quota?.settle({ tokens: 5_000 });
      return "done";
    });
  }
  expect((await ask(one.app)).statusCode).toBe(200);
  expect((await ask(one.app)).statusCode).toBe(429);
  expect(await other.used()).toMatchObject({ tokens: 5_000 });

  await one.app.quota.reset({ principal: "test:ann" }, "tokens");

  expect(await other.used()).toMatchObject({ requests: 1, tokens: 0 });
  expect((await ask(one.app)).statusCode).toBe(200);
});

test("no secret is in a key: an API key is known by its id", async () => {
  const { key, hash } = generateKey();
  const app = await createApp({ way: "in line" });
  await app.register(apiKey, { keys: [{ id: "ci", hash, scopes: [] }] });
  await app.register(auth, { unruled: "authenticated" });
  await app.register(quota, {
    policies: { tokens: policies.tokens },
    store: redisStore(await connect()),
  });
  app.get("/", { config: { quota: true } }, () => "done");

  await app.inject({ url: "/", headers: { authorization: `Bearer ${key}` } });

  const keys = await server.command("KEYS", "*");
  expect(keys).toContain("principal:api-key:ci");
  expect(keys).not.toContain(key);
});

test("counters are found again by their policy and key, whatever the limit", async () => {
  const redis = await connect();
  const { app } = await processOf(redis);
  app.get("/", { config: { quota: true } }, () => "done");
  await ask(app);
  const limiter = createLimiter({ store: redisStore(redis) });
  onTestFinished(() => limiter.close());
  const policy = strictWindow({ name: "tokens", limit: 150, per: "hour" });
  const { verdicts } = await limiter.peek([{ policy, key: "principal:test:ann", cost: 0 }]);
  expect(verdicts[0]?.remaining).toBe(50);
});
