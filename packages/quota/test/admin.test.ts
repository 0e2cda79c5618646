import { auth } from "@enfilade/auth";
import { memoryStore, redisStore, type Store } from "@enfilade/limiter";
import { createApp, WAYS, type Way } from "@enfilade/line-testing";
import { createRedis } from "@enfilade/redis";
import { anyRedis, createClock } from "@enfilade/testing";
import Fastify, { type FastifyInstance } from "fastify";
import { describe, expect, onTestFinished, test } from "vitest";
import { type QuotaAdminOptions, type QuotaOptions, quota, quotaAdmin } from "../src/index.ts";
import { believing } from "./support/apps.ts";

const policies = {
  requests: { counts: "requests", limit: 100, per: "hour" },
  burst: { counts: "requests", limit: 60, per: "hour", burst: 10, by: "user" },
  tokens: { counts: "tokens", limit: 1_000, per: "hour", by: "user" },
  spend: {
    counts: "money",
    limit: ({ org }: { org?: string }) => (org === "acme" ? 5_000_000 : 1_000),
    per: "day",
    by: "org",
  },
  everything: { counts: "tokens", limit: 1_000_000, per: "day", by: "server" },
  runs: { counts: "runs", limit: 3, by: "user" },
} as const;

const ann = { id: "key-1", userId: "ann", claims: { org_id: "acme" } };
const reader = { id: "reader", scopes: ["quota:read"] };
const writer = { id: "writer", scopes: ["quota:write", "quota:read"] };
const as = (caller: object) => ({ "x-caller": JSON.stringify(caller) });

async function memory(): Promise<Store> {
  return memoryStore();
}

async function redis(): Promise<Store> {
  const server = await anyRedis();
  const connection = createRedis({ url: server.url, deadlineMs: 5_000 });
  onTestFinished(async () => {
    await connection.close();
    await server.stop();
  });
  await connection.ready();
  return redisStore(connection, { prefix: `admin-${process.pid}-${Math.random()}:` });
}

/** An app with quotas, one run of Ann's that has cost something, and the admin view. */
async function adminApp(way: Way, open: () => Promise<Store>, options: QuotaAdminOptions = {}) {
  const app = await createApp({ way });
  await app.register(believing);
  await app.register(auth);
  await app.register(quota, {
    policies,
    store: await open(),
    estimate: () => ({ tokens: 100, money: 9_000 }),
  });
  app.register(quotaAdmin, { prefix: "/admin/quota", ...options });
  const config = { quota: true, access: "authenticated" } as const;
  app.get("/", { config }, async (request) => {
    await request.quota?.settle({ tokens: 1_500, money: 7_000 });
    return "done";
  });
  expect((await app.inject({ url: "/", headers: as(ann) })).statusCode).toBe(200);
  return app;
}

function read(app: FastifyInstance, query: string, caller: object = reader) {
  return app.inject({ url: `/admin/quota?${query}`, headers: as(caller) });
}

function reset(app: FastifyInstance, query: string, caller: object = writer) {
  return app.inject({
    method: "DELETE",
    url: `/admin/quota?${query}`,
    headers: as(caller),
  });
}

describe.each([
  ["in memory", memory],
  ["in Redis", redis],
])("%s", (_where, open) => {
  test("GET tells what a caller has used, debts included, of the policies that count by what is given", async () => {
    const app = await adminApp("in line", open);

    const { policies: usages } = (await read(app, "user=ann&org=acme")).json();

    expect(usages).toMatchObject([
      { policy: "burst", by: "user", key: "user:ann", used: 1, limit: 60 },
      { policy: "tokens", counts: "tokens", used: 1_500, limit: 1_000, remaining: 0 },
      { policy: "spend", key: "org:acme", used: 7_000, limit: 5_000_000, remaining: 4_993_000 },
      { policy: "runs", used: 0, limit: 3, remaining: 3, degraded: false },
    ]);
    expect(usages[1].resetMs).toBeGreaterThan(0);
  });

  test("of a principal, of everybody together, and of who has never been here", async () => {
    const app = await adminApp("alone", open);

    expect((await read(app, "principal=test:key-1")).json().policies).toMatchObject(
      // What is counted by user or organisation would be by principal, for who has none.
      [
        { policy: "requests", used: 1 },
        { policy: "burst", used: 0 },
        { policy: "tokens", used: 0 },
        { policy: "spend", used: 0, limit: 1_000 },
        { policy: "runs" },
      ],
    );
    expect((await read(app, "server=true")).json().policies).toMatchObject([
      { policy: "everything", key: "server", used: 1_500 },
    ]);
    expect((await read(app, "user=eve&policy=tokens")).json().policies).toMatchObject([
      { policy: "tokens", key: "user:eve", used: 0 },
    ]);
  });

  test("DELETE makes the counters of one policy as good as new, or of all that a caller has", async () => {
    const app = await adminApp("in line", open);
    expect((await app.inject({ url: "/", headers: as(ann) })).statusCode).toBe(429);

    expect((await reset(app, "user=ann&policy=tokens")).json()).toEqual({ reset: ["tokens"] });
    expect((await app.inject({ url: "/", headers: as(ann) })).statusCode).toBe(200);

    expect((await reset(app, "user=ann&org=acme")).json()).toEqual({
      reset: ["burst", "tokens", "spend"],
    });
    const usages = (await read(app, "user=ann&org=acme")).json().policies;
    expect(usages.map(({ used }: { used: number }) => used)).toEqual([0, 0, 0, 0]);
    // Everybody's together is nobody's in particular.
    expect((await read(app, "server=true")).json().policies[0].used).toBe(3_000);
    expect((await reset(app, "server=true")).json()).toEqual({ reset: ["everything"] });
    expect((await read(app, "server=true")).json().policies[0].used).toBe(0);
  });
});

describe.each(WAYS)("%s", (way) => {
  test("reading and resetting take scopes of their own, and neither is for who has none", async () => {
    const app = await adminApp(way, memory);
    expect((await app.inject("/admin/quota?user=ann")).statusCode).toBe(401);
    expect((await read(app, "user=ann", ann)).statusCode).toBe(403);
    expect((await reset(app, "user=ann", reader)).statusCode).toBe(403);
    expect((await reset(app, "user=ann", writer)).statusCode).toBe(200);
    expect(
      (await read(app, "user=ann", { id: "root", scopes: ["agent_os:admin"] })).statusCode,
    ).toBe(200);
  });

  test("who may do it can be said", async () => {
    const access = { read: { scopes: ["ops"] }, write: { scopes: ["ops", "root"] } };
    const app = await adminApp(way, memory, { access });
    const ops = { id: "ops", scopes: ["ops"] };
    expect((await read(app, "user=ann", ops)).statusCode).toBe(200);
    expect((await read(app, "user=ann", reader)).statusCode).toBe(403);
    expect((await reset(app, "user=ann", ops)).statusCode).toBe(403);
  });

  test("a request that names nobody, or misspells a word, is refused: it must not mean everybody", async () => {
    const app = await adminApp(way, memory);
    for (const query of ["", "usr=ann", "policy=tokens"]) {
      const response = await reset(app, query);
      expect([response.statusCode, response.json().code]).toEqual([400, "QUOTA_NO_CALLER"]);
    }
    expect((await read(app, "user=")).statusCode).toBe(400);
    expect((await read(app, "user=ann&user=bob")).statusCode).toBe(400);
    const unknown = await reset(app, "user=ann&policy=token");
    expect([unknown.statusCode, unknown.json().code]).toEqual([404, "QUOTA_UNKNOWN_POLICY"]);
  });

  test("does not boot where nothing checks who is calling", async () => {
    const app = await createApp({ way });
    await app.register(quota, { policies });
    app.register(quotaAdmin, { prefix: "/admin/quota" });
    const error = await app.ready().then(
      () => undefined,
      (thrown: Error) => thrown,
    );
    const expected = {
      alone: "QUOTA_ADMIN_UNPROTECTED.* below /admin/quota",
      "in line": "ORDER_UNPROTECTED_ROUTE.*/admin/quota",
    };
    expect(`${Reflect.get(error ?? {}, "code")} ${error?.message}`).toMatch(
      new RegExp(expected[way], "s"),
    );
  });

  test("boots where its user protects it", async () => {
    const app = await createApp({ way });
    await app.register(quota, { policies });
    app.register(async (scope) => {
      scope.addHook("onRequest", async (_request, reply) => {
        await reply.code(418).send("not you");
      });
      scope.register(quotaAdmin, { prefix: "/admin/quota", access: false });
    });
    expect((await app.inject("/admin/quota?user=ann")).statusCode).toBe(418);
  });
});

test("does not boot without quotas, nor with options that are not valid", async () => {
  const codeOf = async (register: (app: FastifyInstance) => void) => {
    const app: FastifyInstance = Fastify();
    onTestFinished(() => app.close().catch(() => {}));
    register(app);
    return await app.ready().then(
      () => "booted",
      (error: { code: string }) => error.code,
    );
  };
  expect(await codeOf((app) => void app.register(quotaAdmin))).toBe("QUOTA_NOT_REGISTERED");
  for (const options of [
    { access: true },
    { access: { delete: "authenticated" } },
    { acess: false },
  ]) {
    const code = await codeOf((app) => {
      app.register(quota, { policies });
      app.register(quotaAdmin, options as never);
    });
    expect(code).toBe("QUOTA_INVALID_OPTION");
  }
});

describe("from outside, without the admin view", () => {
  const address = "127.0.0.1";
  async function usedOnce(policies: QuotaOptions["policies"], store: Store) {
    const app = await createApp();
    await app.register(quota, { policies, store });
    app.get("/", { config: { quota: true } }, () => "done");
    await app.inject("/");
    return app.quota;
  }

  test("a rate whose burst is large is read and reset as any other", async () => {
    const rate = { counts: "tokens", per: "minute", burst: 5_000_000, by: "address" } as const;
    const controls = await usedOnce(
      { rate: { ...rate, limit: 10_000_000 }, unlimited: { ...rate, limit: () => Infinity } },
      memoryStore({ now: createClock().now }),
    );
    expect(await controls.usage({ address })).toMatchObject([
      { policy: "rate", used: 1, limit: 10_000_000, remaining: 9_999_999 },
      { policy: "unlimited", used: 0, limit: null, remaining: null },
    ]);
    expect(await controls.reset({ address })).toEqual(["rate", "unlimited"]);
    expect((await controls.usage({ address }))[0]).toMatchObject({ used: 0 });
  });

  test("nothing is said to be used of what only refuses while the store is away", async () => {
    const away = () => Promise.reject(new Error("away"));
    const store: Store = {
      ...{ partitioned: true, decide: away, adjust: away, renew: away },
      ...{ release: away, forget: away },
    };
    const money = { counts: "money", limit: 100, per: "day", by: "address" } as const;
    const tokens = { counts: "tokens", limit: 100, per: "minute", by: "address" } as const;
    const controls = await usedOnce({ money, tokens }, store);
    expect(await controls.usage({ address })).toMatchObject([
      { policy: "money", used: 0, limit: 100, remaining: 0, degraded: true },
      { policy: "tokens", used: 0, limit: 100, remaining: 100, degraded: true },
    ]);
  });
});
