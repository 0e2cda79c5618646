import { once } from "node:events";
import {
  createLogLines,
  createRecorder,
  listen,
  type RedisServer,
  startRedis,
} from "@enfilade/testing";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Agent } from "../src/agents/agent.ts";
import { jsonOf, lastOf, parseEvents, postForm, scriptedAgent, testApp } from "./support.ts";

let redis: RedisServer;
beforeAll(async () => {
  redis = await startRedis();
});
afterAll(() => redis.stop());

const runs = "/agents/echo/runs";

/** Starts a server that counts in Redis, and waits until it does. */
async function start(env: Readonly<Record<string, string>>, agents?: readonly Agent[]) {
  const log = createLogLines();
  const app = await testApp(
    { logStream: log.stream, ...(agents && { agents }) },
    { REDIS_URL: redis.url, ...env },
  );
  const origin = await listen(app);
  await log.find(({ msg }) => msg === "Redis counts");
  return { app, origin, log };
}

async function healthOf(origin: string): Promise<string> {
  const response = await fetch(`${origin}/health`);
  expect(response.status).toBe(200);
  return String((await jsonOf(response)).redis);
}

test("servers that share a Redis share the limits", async () => {
  await redis.command("FLUSHALL");
  const env = { RATE_LIMIT_PER_MINUTE: "6", TOKENS_PER_DAY: "1000" };
  const [first, second] = await Promise.all([start(env), start(env)]);
  const message = { message: "one two three", stream: "false" };
  expect((await postForm(first.origin + runs, message)).status).toBe(200);
  expect((await postForm(second.origin + runs, message)).status).toBe(200);
  const [usage] = await second.app.quota.usage({ address: "127.0.0.1" });
  expect(usage).toMatchObject({ policy: "tokens-per-day", used: 16, degraded: false });

  const statuses = [];
  for (const { origin } of [first, second, first, second, first, second]) {
    statuses.push((await fetch(`${origin}/agents`)).status);
  }
  expect(statuses).toEqual([200, 200, 200, 200, 429, 429]);
});

test("a server that closes settles what its runs have used, and gives their places back", async () => {
  await redis.command("FLUSHALL");
  const env = { TOKENS_PER_DAY: "1000", MAX_CONCURRENT_RUNS: "2" };
  const happened = createRecorder<"counted">();
  const agent = scriptedAgent(async function* (_input, signal) {
    yield { type: "usage", usage: { inputTokens: 3, outputTokens: 2 } };
    // Nobody asks for more before the usage has been taken note of.
    happened.record("counted");
    await once(signal, "abort");
  });
  const [closing, staying] = await Promise.all([start(env, [agent]), start(env)]);
  const message = { message: "one two three", background: "true", stream: "false" };
  const response = await postForm(`${closing.origin}/agents/scripted/runs`, message);
  expect(response.status).toBe(202);
  await happened.find((what) => what === "counted");
  const used = async () => {
    const usage = await staying.app.quota.usage({ address: "127.0.0.1" });
    return usage.map(({ policy, used }) => [policy, used]);
  };
  expect(await used()).toEqual([
    ["tokens-per-day", 516],
    ["runs-at-once", 1],
  ]);
  await closing.app.close();
  expect(await used()).toEqual([
    ["tokens-per-day", 5],
    ["runs-at-once", 0],
  ]);
});

test("no key in Redis names anybody's credentials, and every one expires", async () => {
  await redis.command("FLUSHALL");
  const key = "0123456789abcdef0123456789abcdef";
  const { origin } = await start({ OS_SECURITY_KEY: key, TOKENS_PER_MINUTE: "1000" });
  const headers = { authorization: `Bearer ${key}` };
  const body = new URLSearchParams({ message: "x", stream: "false" });
  expect((await fetch(origin + runs, { method: "POST", headers, body })).status).toBe(200);
  await fetch(`${origin}/agents`, { headers: { authorization: "Bearer a-guess-that-is-none" } });

  const keys = (await redis.command("KEYS", "*")).split("\r\n").filter((line) => /^\w/.test(line));
  expect(keys.length).toBeGreaterThan(1);
  for (const name of keys) {
    expect(name).toMatch(/^agent-server:/);
    expect(name).not.toContain(key);
    expect(name).not.toContain("a-guess");
    expect(await redis.command("PTTL", name)).toMatch(/^:[1-9]/);
  }
});

test("while Redis is frozen the server goes on answering, under load, and counts for itself", async () => {
  await redis.command("FLUSHALL");
  const { app, origin, log } = await start({
    RATE_LIMIT_PER_MINUTE: "1000",
    TOKENS_PER_MINUTE: "100000",
    MAX_CONCURRENT_RUNS: "50",
  });
  expect(await healthOf(origin)).toBe("ready");
  const load = (name: string) =>
    Promise.all(
      Array.from({ length: 40 }, async (_, n) => {
        const response = await postForm(origin + runs, { message: `${name} ${n}` });
        expect(response.status).toBe(200);
        return lastOf(parseEvents(await response.text()).events).event;
      }),
    );

  const before = load("before");
  redis.freeze();
  try {
    // Some of these were asked, or had begun, before it froze; none of them waits for it.
    expect(new Set(await before)).toEqual(new Set(["RunCompleted"]));
    expect(new Set(await load("frozen"))).toEqual(new Set(["RunCompleted"]));
    expect(await healthOf(origin)).toBe("away");
    await log.find(({ msg }) => msg === "Redis is away: this process counts for itself");
    const [tokens] = await app.quota.usage({ address: "127.0.0.1" });
    expect(tokens).toMatchObject({ degraded: true });
    expect(tokens?.used).toBeGreaterThan(0);
  } finally {
    redis.thaw();
  }
  const back = log.items.length;
  await log.until((lines) => lines.slice(back).some(({ msg }) => msg === "Redis counts"));
  expect(await healthOf(origin)).toBe("ready");
  expect(new Set(await load("after"))).toEqual(new Set(["RunCompleted"]));
});

test("a Redis that is not there yet keeps no server from starting, which says so once", async () => {
  const gone = await startRedis();
  await gone.stop();
  const log = createLogLines();
  const env = { REDIS_URL: gone.url, RATE_LIMIT_PER_MINUTE: "2", LOG_LEVEL: "debug" };
  const app = await testApp({ logStream: log.stream }, env);
  const origin = await listen(app);
  const away = ({ msg }: { readonly msg?: unknown }) => /^Redis is away/.test(String(msg));
  await log.until((lines) => lines.filter(away).length >= 3);
  const levels = log.items.filter(away).map(({ level }) => level);
  expect(levels.slice(0, 3)).toEqual([40, 20, 20]);
  expect(await healthOf(origin)).toBe("away");
  const statuses = [];
  for (let n = 0; n < 3; n += 1) statuses.push((await fetch(`${origin}/agents`)).status);
  expect(statuses).toEqual([200, 200, 429]);
});
