import { type RedisServer, startRedis } from "@enfilade/testing";
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished } from "vitest";
import {
  createRedis,
  defineScript,
  type Fate,
  type Redis,
  type RedisError,
  type RedisTimeout,
} from "../src/index.ts";
import { type Opened, viaIoredis, viaNodeRedis } from "./support/clients.ts";
import { insist } from "./support/insist.ts";
import { type NetworkProxy, startProxy } from "./support/proxy.ts";

const increment = defineScript({
  name: "increment",
  lua: "return redis.call('INCRBY', KEYS[1], ARGV[1])",
  read: Number,
});

/** Generous: what is asserted is that an answer comes at all while the server is frozen. */
const SOON_MS = 2_000;

let server: RedisServer;
beforeAll(async () => {
  server = await startRedis(["--repl-diskless-sync-delay", "0"]);
});
afterAll(() => server.stop());
beforeEach(() => {
  onTestFinished(() => server.thaw());
});

let names = 0;
const fresh = () => `fault:${++names}`;

async function failure(promise: Promise<unknown>): Promise<RedisError> {
  const startedAt = performance.now();
  const error = await promise.then(
    (reply) => new Error(`it was answered: ${String(reply)}`),
    (reason: unknown) => reason,
  );
  expect(performance.now() - startedAt).toBeLessThan(SOON_MS);
  return error as RedisError;
}

const closes = ({ events }: Opened) =>
  events.find((event) => event.kind === "breaker" && event.breaker === "closed");

async function stored(key: string): Promise<string> {
  return (await server.command("GET", key)).split("\r\n")[1] ?? "nothing";
}

describe.each([viaNodeRedis, viaIoredis])("$name", ({ open }) => {
  it("answers every call of a frozen server, opens, and counts none of them afterwards", async () => {
    const opened = open(server.url, { deadlineMs: 60, failuresToOpen: 10, probeEveryMs: 20 });
    const { redis } = opened;
    await redis.ready();
    const key = fresh();
    await insist(() => redis.run(increment, [key], [1]));
    server.freeze();
    const failures = await Promise.all(
      Array.from({ length: 30 }, () => failure(redis.run(increment, [key], [1]))),
    );
    expect(new Set(failures.map(({ code }) => code))).toEqual(new Set(["REDIS_TIMEOUT"]));
    expect(redis.state().nodes[0]?.breaker).not.toBe("closed");
    expect((await failure(redis.run(increment, [key], [1]))).code).toBe("REDIS_UNAVAILABLE");
    server.thaw();
    await closes(opened);
    const fates = await Promise.all(failures.map(({ fate }) => fate));
    expect(fates).toEqual(fates.map(() => ({ ran: "no" })));
    expect(await insist(() => redis.run(increment, [key], [1]))).toBe(2);
    expect(await stored(key)).toBe("2");
    expect(redis.state().counts.lost).toBe(0);
    expect(redis.state().counts.voided).toBeGreaterThanOrEqual(30);
  });

  it("tells what had run in time when only its answer was late", async () => {
    const { redis, proxy, events } = await behindProxy(open, { deadlineMs: 50, probeEveryMs: 20 });
    const key = fresh();
    await insist(() => redis.run(increment, [key], [1]));
    proxy.hold();
    const late = (await failure(redis.run(increment, [key], [5]))) as RedisTimeout;
    expect(late.code).toBe("REDIS_TIMEOUT");
    await redisHas(key, "6");
    proxy.release();
    expect(await late.fate).toEqual({ ran: "yes", reply: 6 } satisfies Fate<number>);
    expect(redis.state().counts.lateRan).toBeGreaterThanOrEqual(1);
    expect(events.items.some(({ kind }) => kind === "lost")).toBe(false);
  });

  it("never sends again what broke off", async () => {
    const opened = await behindProxy(open, { deadlineMs: 5_000 });
    const { redis, proxy } = opened;
    const key = fresh();
    await insist(() => redis.run(increment, [key], [1]));
    proxy.hold();
    const broken = failure(redis.run(increment, [key], [1]));
    await redisHas(key, "2");
    proxy.cut();
    const { code, fate } = await broken;
    expect(code).toBe("REDIS_CONNECTION_LOST");
    expect(await fate).toEqual({ ran: "unknown" });
    await redis.ready();
    expect(await insist(() => redis.run(increment, [key], [1]))).toBe(3);
    expect(await stored(key)).toBe("3");
  });

  it("gives up a connection whose peer has gone without a word, and makes another", async () => {
    const opened = await behindProxy(open, {
      deadlineMs: 30,
      failuresToOpen: 2,
      probeEveryMs: 20,
      reconnectAfterMs: 100,
    });
    const { redis, proxy, events } = opened;
    const key = fresh();
    await insist(() => redis.run(increment, [key], [1]));
    proxy.blackhole();
    for (let i = 0; i < 2; i++) await failure(redis.run(increment, [key], [1]));
    await events.find(({ kind }) => kind === "reconnecting");
    proxy.release();
    await closes(opened);
    expect(await insist(() => redis.run(increment, [key], [1]))).toBe(2);
    expect(proxy.connections).toBeGreaterThan(1);
  });

  it("refuses at once while there is no server, and connects when it comes", async () => {
    const own = await startRedis();
    onTestFinished(() => own.stop());
    await own.kill();
    const opened = open(own.url);
    const { redis } = opened;
    const { code, fate } = await failure(redis.run(increment, ["key"], [1]));
    expect(code).toBe("REDIS_UNAVAILABLE");
    expect(await fate).toEqual({ ran: "no" });
    await own.restart();
    await redis.ready();
    expect(await insist(() => redis.run(increment, ["key"], [1]))).toBe(1);
    await own.kill();
    await opened.events.find(({ kind }) => kind === "lost");
    expect((await failure(redis.run(increment, ["key"], [1]))).code).toBe("REDIS_UNAVAILABLE");
    await own.restart();
    await redis.ready();
    expect(await insist(() => redis.run(increment, ["key"], [1]))).toBe(1);
  });

  it("says why it cannot connect: nobody there, a wrong password, a name that nobody knows", async () => {
    const own = await startRedis(["--requirepass", "right"]);
    onTestFinished(() => own.stop());
    const wrongs: [string, RegExp][] = [
      ["redis://127.0.0.1:1", /ECONNREFUSED/],
      [own.url.replace("//", "//:wrong@"), /WRONGPASS/],
      ["redis://redis.invalid:6379", /ENOTFOUND|EAI_AGAIN/],
    ];
    for (const [url, reason] of wrongs) {
      const { redis, events } = open(url);
      const { cause } = await events.find(({ kind }) => kind === "failed");
      expect(String((cause as AggregateError).errors?.[0] ?? cause)).toMatch(reason);
      expect(await failure(redis.run(increment, ["key"], [1]))).toMatchObject({
        code: "REDIS_UNAVAILABLE",
        message: expect.not.stringContaining("wrong"),
      });
    }
  });

  it("reads the answers first that came while this process stood still", async () => {
    const { redis } = open(server.url, { deadlineMs: 100 });
    await redis.ready();
    const busy = defineScript({
      name: "busy",
      lua: "for i = 1, 2000000 do end return redis.call('INCR', KEYS[1])",
      read: Number,
    });
    const key = fresh();
    await insist(() => redis.run(busy, [key], []));
    const answer = redis.run(busy, [key], []);
    // The command is written, and then nothing happens here until long after the deadline.
    for (let i = 0; i < 3; i++) await new Promise(setImmediate);
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 300);
    expect(await answer).toBeGreaterThan(1);
    expect(redis.state()).toMatchObject({ ready: true, nodes: [{ breaker: "closed" }] });
  });

  it.each(["ALL", "WRITE"])("keeps its word while %s clients are paused", async (mode) => {
    const opened = open(server.url, { deadlineMs: 50, failuresToOpen: 1, probeEveryMs: 20 });
    const { redis } = opened;
    await redis.ready();
    const key = fresh();
    await insist(() => redis.run(increment, [key], [1]));
    await server.command("CLIENT", "PAUSE", "300", mode);
    expect((await failure(redis.run(increment, [key], [1]))).code).toBe("REDIS_TIMEOUT");
    await closes(opened);
    // It was no probe that got through where scripts do not: it closed when the pause was over.
    expect(await server.command("GET", key)).toContain("1");
    expect(await insist(() => redis.run(increment, [key], [1]))).toBe(2);
  });

  it("is answered by a server that is busy with a script, or not at all, until that has ended", async () => {
    const own = await startRedis(["--busy-reply-threshold", "20"]);
    onTestFinished(() => own.stop());
    const { redis } = open(own.url, { deadlineMs: 50, failuresToOpen: 1, probeEveryMs: 20 });
    await redis.ready();
    await insist(() => redis.run(increment, ["key"], [1]));
    const endless = own.command("EVAL", "while true do end", "0");
    let counted = 0;
    let failed: RedisError | undefined;
    while (failed === undefined) {
      const answer = await redis.run(increment, ["other"], [1]).catch((error: unknown) => error);
      if (typeof answer === "number") counted = answer;
      else failed = answer as RedisError;
      await new Promise(setImmediate);
    }
    expect(failed.code).toMatch(/^REDIS_(TIMEOUT|REFUSED)$/);
    // It may not even have begun: on a busy machine there are timeouts as well.
    await expect.poll(() => own.command("SCRIPT", "KILL"), { timeout: 10_000 }).toBe("+OK");
    await endless;
    if ((await failed.fate).ran === "yes") counted += 1;
    expect(await insist(() => redis.run(increment, ["other"], [1]))).toBe(counted + 1);
  });

  it("says that the server is full, and asks it again the next time", async () => {
    const own = await startRedis(["--maxmemory-policy", "noeviction"]);
    onTestFinished(() => own.stop());
    const { redis } = open(own.url);
    await redis.ready();
    await own.command("CONFIG", "SET", "maxmemory", "1");
    const refused = await failure(redis.run(increment, ["key"], [1]));
    expect(refused).toMatchObject({ code: "REDIS_REFUSED", reply: "OOM" });
    expect(await refused.fate).toEqual({ ran: "no" });
    await own.command("CONFIG", "SET", "maxmemory", "0");
    expect(await insist(() => redis.run(increment, ["key"], [1]))).toBe(1);
  });

  it("looks for the master anew when the one it knows denies writes", async () => {
    const [one, other] = [await startRedis(), await startRedis()];
    onTestFinished(async () => {
      await Promise.all([one.stop(), other.stop()]);
    });
    const opened = open(one.url);
    const { redis, events } = opened;
    await redis.ready();
    await one.command("REPLICAOF", "127.0.0.1", String(other.port));
    const refused = await failure(redis.run(increment, ["key"], [1]));
    expect(refused).toMatchObject({ code: "REDIS_REFUSED", reply: "READONLY" });
    await events.find(({ kind }) => kind === "reconnecting");
    await one.command("REPLICAOF", "NO", "ONE");
    await expect.poll(() => redis.run(increment, ["key"], [1]).catch(() => 0)).toBe(1);
  });

  it("takes no more than so many at once", async () => {
    const opened = open(server.url, { deadlineMs: 50, maxInFlight: 3, probeEveryMs: 20 });
    const { redis } = opened;
    await redis.ready();
    const key = fresh();
    await insist(() => redis.run(increment, [key], [1]));
    server.freeze();
    const codes = await Promise.all(
      Array.from({ length: 5 }, async () => (await failure(redis.run(increment, [key], [1]))).code),
    );
    expect(codes.filter((code) => code === "REDIS_UNAVAILABLE")).toHaveLength(2);
  });
});

async function behindProxy(
  open: (url: string, options?: Parameters<typeof viaNodeRedis.open>[1]) => Opened,
  options: Parameters<typeof viaNodeRedis.open>[1],
): Promise<Opened & { proxy: NetworkProxy; redis: Redis }> {
  const proxy = await startProxy(server.port);
  onTestFinished(() => proxy.stop());
  const opened = open(proxy.url, options);
  await opened.redis.ready();
  return { ...opened, proxy };
}

/** Waits until the server itself says so: the connection under test is the one that is broken. */
async function redisHas(key: string, value: string): Promise<void> {
  const watcher = createRedis({ url: server.url });
  await watcher.ready();
  try {
    await expect.poll(() => watcher.command(["GET", key])).toBe(value);
  } finally {
    await watcher.close();
  }
}
