import { apiKey, generateKey } from "@enfilade/api-key";
import { auth } from "@enfilade/auth";
import { memoryStore, type Store } from "@enfilade/limiter";
import { createApp, WAYS } from "@enfilade/line-testing";
import { createClock } from "@enfilade/testing";
import fc from "fast-check";
import type { FastifyInstance } from "fastify";
import { describe, expect, it } from "vitest";
import { type RateLimitOptions, rateLimit } from "../src/index.ts";
import { as, believing, statuses, times } from "./apps.ts";

describe.each(WAYS)("%s, a limit by principal", (way) => {
  async function app(options: RateLimitOptions = {}) {
    const server = await createApp({ way });
    await server.register(believing);
    await server.register(auth);
    await server.register(rateLimit, { by: "principal", max: 2, ...options });
    server.get("/", { config: { access: "authenticated" } }, async () => "ok");
    server.get("/open", { config: { public: true } }, async () => "ok");
    return server;
  }

  it("counts each of them apart, wherever they call from", async () => {
    const server = await app();
    const from = (remoteAddress: string) => ({ ...as("ann"), remoteAddress });
    expect(
      await statuses(server, [from("203.0.113.1"), from("203.0.113.2"), from("203.0.113.3")]),
    ).toEqual([200, 200, 429]);
    const other = await server.inject(as("bob"));
    expect(other.statusCode).toBe(200);
    expect(other.headers["ratelimit-policy"]).toBe('"principal";q=2;w=60');
  });

  it("counts nobody who was refused before, and leaves public routes alone", async () => {
    const server = await app();
    expect(await statuses(server, [...times(3, as("bad")), ...times(3, "/")])).toEqual(
      times(6, 401),
    );
    expect(await statuses(server, times(3, "/open"))).toEqual([200, 200, 200]);
    expect(await statuses(server, times(3, as("ann")))).toEqual([200, 200, 429]);
  });

  it("may leave some of them out", async () => {
    const server = await app({ allowList: ["ann"] });
    expect(await statuses(server, times(3, as("ann")))).toEqual([200, 200, 200]);
    expect(await statuses(server, times(3, as("bob")))).toEqual([200, 200, 429]);
  });

  it("has 300 requests a minute unless told otherwise, of which 50 may come at once", async () => {
    const server = await createApp({ way });
    await server.register(believing);
    const store = memoryStore({ now: createClock().now });
    await server.register(rateLimit, { by: "principal", store });
    server.get("/", async () => "ok");
    const all = await statuses(server, times(51, as("ann")));
    expect(all.filter((status) => status === 200)).toHaveLength(50);
    expect((await server.inject(as("ann"))).headers["ratelimit-policy"]).toBe(
      '"principal";q=300;w=60',
    );
  });

  it("stands beside one by address: both count, and both are told", async () => {
    const server = await createApp({ way });
    await server.register(rateLimit, { max: 5, headers: ["standard", "legacy"] });
    await server.register(believing);
    await server.register(rateLimit, { by: "principal", max: 2, headers: ["standard", "legacy"] });
    server.get("/", async () => "ok");

    const first = await server.inject(as("ann"));
    expect(first.headers["ratelimit-policy"]).toBe('"address";q=5;w=60, "principal";q=2;w=60');
    expect(first.headers.ratelimit).toMatch(/^"address";r=4;t=\d+, "principal";r=1;t=\d+$/);
    expect(await statuses(server, times(2, as("ann")))).toEqual([200, 429]);
    const refused = await server.inject(as("ann"));
    expect(refused.json()["violated-policies"]).toEqual(["principal"]);
    // The fifth of the address; the sixth is refused before anybody asks who it is.
    expect((await server.inject(as("bob"))).statusCode).toBe(200);
    const shielded = await server.inject(as("carl"));
    expect(shielded.json()["violated-policies"]).toEqual(["address"]);
  });
});

it("alone, a limit by principal that would be asked before anybody knows who calls does not boot", async () => {
  const app = await createApp();
  await app.register(rateLimit, { by: "principal" });
  await app.register(believing);
  await expect(app.ready()).rejects.toMatchObject({
    code: "RATE_LIMIT_TOO_EARLY",
    message: expect.stringContaining("the layer rate-limit:principal counts principals"),
  });
});

it.each<[string, (app: FastifyInstance) => Promise<unknown>]>([
  ["nobody finds out", async () => {}],
  [
    "only a scope below finds out",
    async (app) => app.register(async (child) => child.register(believing)),
  ],
])("alone, a limit by principal does not boot where %s who calls", async (_what, authenticate) => {
  const app = await createApp();
  await app.register(rateLimit, { by: "principal", max: 2 });
  await authenticate(app);
  await expect(app.ready()).rejects.toMatchObject({
    code: "RATE_LIMIT_NO_AUTHENTICATOR",
    message: expect.stringMatching(
      /the layer rate-limit:principal counts .* or count by: "address"/,
    ),
  });
});

it("alone, a limit in a scope counts beside the one above it", async () => {
  const app = await createApp();
  await app.register(rateLimit, { max: 2 });
  app.get("/", async () => "ok");
  await app.register(
    async (child) => {
      await child.register(rateLimit, { max: 1, layer: { name: "inner" } });
      child.get("/", async () => "ok");
    },
    { prefix: "/inner" },
  );
  expect(await statuses(app, ["/inner/", "/inner/", "/"])).toEqual([200, 429, 429]);
});

describe("in line", () => {
  it("a limit by address is met before authentication, and one by principal after it, however they were registered", async () => {
    const app = await createApp({ way: "in line" });
    await app.register(rateLimit, { by: "principal", layer: { name: "people" } });
    app.get("/", { config: { access: "authenticated" } }, async () => "ok");
    await app.register(auth);
    await app.register(believing);
    await app.register(rateLimit, { by: ({ url }) => url });
    await app.register(rateLimit, { max: 2 });
    await app.ready();

    const { doors } = app.order.explain("GET", "/");
    expect(doors.map(({ layer }) => layer)).toEqual([
      "rate-limit",
      "believing",
      "auth",
      "people",
      "rate-limit:key",
    ]);
    // Five bad logins at max 2, which plain hooks answer by 401 five times.
    expect(await statuses(app, times(5, as("bad")))).toEqual([401, 401, 429, 429, 429]);
  });

  it("comes to the same verdicts whatever the order of registration (case 67)", async () => {
    const registrations = [
      (app: FastifyInstance) => app.register(rateLimit, { max: 4 }),
      (app: FastifyInstance) => app.register(rateLimit, { by: "principal", max: 2 }),
      (app: FastifyInstance) => app.register(believing),
      (app: FastifyInstance) => app.register(auth),
      (app: FastifyInstance) =>
        app.get("/", { config: { access: "authenticated" } }, async () => "ok"),
    ];
    await fc.assert(
      fc.asyncProperty(
        fc.shuffledSubarray(registrations, { minLength: registrations.length }),
        async (shuffled) => {
          const app = await createApp({ way: "in line" });
          for (const register of shuffled) register(app);
          expect(await statuses(app, [...times(3, as("ann")), as("bad"), "/", as("bob")])).toEqual([
            200, 200, 429, 401, 429, 429,
          ]);
          await app.close();
        },
      ),
      { numRuns: 25 },
    );
  });

  it("one by principal refuses to boot where nobody finds out who is calling", async () => {
    const app = await createApp({ way: "in line" });
    await app.register(rateLimit, { by: "principal" });
    app.get("/", async () => "ok");
    await expect(app.ready()).rejects.toThrow("ORDER_MISSING_CAPABILITY");
  });

  it("a child's limit replaces its parent's where it says so, and needs another name where both are meant", async () => {
    const app = await createApp({ way: "in line" });
    await app.register(rateLimit, { max: 1 });
    await app.register(
      async (child) => {
        await child.register(rateLimit, { max: 2, layer: { override: true } });
        child.get("/", async () => "ok");
      },
      { prefix: "/replaced" },
    );
    await app.register(
      async (child) => {
        await child.register(rateLimit, { max: 1, layer: { name: "inner" } });
        child.get("/", async () => "ok");
      },
      { prefix: "/both" },
    );
    expect(await statuses(app, times(3, "/replaced/"))).toEqual([200, 200, 429]);
    const both = await app.inject("/both/");
    expect(both.headers["ratelimit-policy"]).toBe('"address";q=1;w=60, "inner";q=1;w=60');
  });
});

describe("a key", () => {
  it("is nothing that a store which others read can tell who, or what secret, it is", async () => {
    const keys: string[] = [];
    const memory = memoryStore();
    // As a store of another process is: it says so itself.
    const store: Store = {
      partitioned: true,
      decide(...[charges, mode]: Parameters<Store["decide"]>) {
        for (const { key, partition } of charges) keys.push(key, partition);
        return memory.decide(charges, mode);
      },
      adjust: memory.adjust.bind(memory),
      renew: memory.renew.bind(memory),
      release: memory.release.bind(memory),
      forget: memory.forget.bind(memory),
    };
    const app = await createApp();
    await app.register(believing);
    await app.register(rateLimit, { by: "principal", max: 1, store });
    await app.register(rateLimit, { by: (r) => String(r.headers["x-secret"]), max: 5, store });
    app.get("/", async () => "ok");
    const calling = { url: "/", headers: { "x-name": "ann@example.com", "x-secret": "sk-1234" } };

    expect(await statuses(app, [calling, calling])).toEqual([200, 429]);
    expect(keys.length).toBeGreaterThanOrEqual(6);
    for (const key of keys) expect(key).not.toMatch(/ann|example|sk-|1234/);
  });

  it("of a principal whose credential is an API key is made of its id, never of the key", async () => {
    const { key, hash } = generateKey();
    const app = await createApp();
    const seen: string[] = [];
    await app.register(apiKey, { keys: [{ id: "ci", hash, scopes: [] }] });
    await app.register(rateLimit, {
      by: "principal",
      max: 1,
      onExceeding: (_request, caller) => seen.push(caller),
      onExceeded: (_request, caller) => seen.push(caller),
    });
    app.get("/", async () => "ok");
    const call = { url: "/", headers: { authorization: `Bearer ${key}` } };
    expect(await statuses(app, [call, call])).toEqual([200, 429]);
    expect(seen).toEqual(["api-key:ci", "api-key:ci"]);
  });
});
