import { gcra, strictWindow } from "@enfilade/limiter";
import { createApp, WAYS } from "@enfilade/line-testing";
import { describe, expect, it } from "vitest";
import { type RateLimitOptions, type RateLimitRouteOptions, rateLimit } from "../src/index.ts";
import { as, believing, limitedApp, statuses, times } from "./apps.ts";

describe.each(WAYS)("%s, a route", (way) => {
  /** An app with a route for each of the limits, named by its key. */
  async function routes(
    options: RateLimitOptions,
    limits: Readonly<Record<string, false | RateLimitRouteOptions>>,
  ) {
    const { app } = await limitedApp(options, { way });
    for (const [url, own] of Object.entries(limits)) {
      app.get(url, { config: { rateLimit: own } }, async () => "ok");
    }
    return app;
  }

  it("with limits of its own has a counter of its own, which takes the place of the shared one", async () => {
    const app = await routes({ max: 2 }, { "/a": { max: 1 }, "/b": { max: 1 }, "/c": { max: 4 } });
    expect(await statuses(app, ["/a", "/a", "/b", "/b"])).toEqual([200, 429, 200, 429]);
    expect(await statuses(app, times(5, "/c"))).toEqual([200, 200, 200, 200, 429]);
    expect(await statuses(app, times(3, "/"))).toEqual([200, 200, 429]);
    expect((await app.inject("/c")).headers["ratelimit-policy"]).toBe('"address";q=4;w=60');
  });

  it("keeps a counter of its own though another one has the very same options", async () => {
    const same = { max: 1 };
    const app = await routes({}, { "/a": same, "/b": same });
    expect(await statuses(app, ["/a", "/a", "/b", "/b"])).toEqual([200, 429, 200, 429]);
  });

  it("shares its counter with the HEAD route that Fastify declares for it, and among its parameters", async () => {
    const app = await routes({}, { "/runs/:id": { max: 2 } });
    const head = { method: "HEAD", url: "/runs/2" };
    expect(await statuses(app, ["/runs/1", head, "/runs/3", head])).toEqual([200, 200, 429, 429]);
  });

  it("shares its counter with that HEAD route also where it has several methods", async () => {
    const { app } = await limitedApp({}, { way });
    const method = ["GET", "POST"];
    const config = { rateLimit: { max: 1 } };
    app.route({ method, url: "/runs", config, handler: async () => "ok" });
    expect(await statuses(app, ["/runs", { method: "HEAD", url: "/runs" }])).toEqual([200, 429]);
  });

  it("that has a max has not the burst of another one", async () => {
    const app = await routes(
      { max: 600, burst: 100 },
      { "/login": { max: 2 }, "/own": { max: 600, burst: 1 }, "/hour": { timeWindow: "1 hour" } },
    );
    expect(await statuses(app, times(3, "/login"))).toEqual([200, 200, 429]);
    expect(await statuses(app, times(2, "/own"))).toEqual([200, 429]);
    expect((await app.inject("/hour")).headers.ratelimit).toContain("r=99;");
  });

  it("cannot be spent by who chooses a key that looks like its counter", async () => {
    const app = await routes(
      { by: ({ headers }) => String(headers["x-key"]), max: 1 },
      { "/login": { max: 1 } },
    );
    const as = (key: string, url = "/") => ({ url, headers: { "x-key": key } });
    for (const key of ["GET /login ann", ">GET>/login ann", "GET>/login ann"]) {
      await app.inject(as(key));
    }
    expect((await app.inject(as("ann", "/login"))).statusCode).toBe(200);
  });

  it("may have no limit", async () => {
    const app = await routes({ max: 1 }, { "/free": false });
    expect(await statuses(app, times(3, "/free"))).toEqual([200, 200, 200]);
    expect((await app.inject("/free")).headers).not.toHaveProperty("ratelimit");
    expect(await statuses(app, ["/", "/"])).toEqual([200, 429]);
  });

  it("is counted together with those of its group (@fastify/rate-limit issue 463)", async () => {
    const login = { max: 3, groupId: "login" };
    const app = await routes({}, { "/login": login, "/reset": { ...login }, "/a": { max: 3 } });
    expect(await statuses(app, ["/login", "/reset", "/login", "/reset", "/login", "/a"])).toEqual([
      200, 200, 200, 429, 429, 200,
    ]);
  });

  it("does not boot where its group has other limits", async () => {
    const login = { max: 3, groupId: "login" };
    await expect(routes({}, { "/login": login, "/reset": { ...login, max: 4 } })).rejects.toThrow(
      'config.rateLimit of GET /reset): the option groupId is "login". All routes of a group share one counter',
    );
    const other = () => 4;
    await expect(
      routes({}, { "/login": { ...login, max: other }, "/reset": { ...login, max: () => 4 } }),
    ).rejects.toMatchObject({ code: "RATE_LIMIT_INVALID_OPTION" });
    await routes({}, { "/login": { ...login, max: other }, "/reset": { ...login, max: other } });
  });

  it("changes what it names, and keeps the rest of the registration's", async () => {
    const app = await routes(
      { max: 2, timeWindow: 5_000, allowList: ["203.0.113.1"], ban: 1 },
      {
        "/max": { max: 1 },
        "/window": { timeWindow: "1 hour" },
        "/burst": { burst: 1 },
        "/policies": { policies: [gcra({ name: "own", limit: 60, per: "minute", burst: 1 })] },
      },
    );
    const policyOf = async (url: string) => (await app.inject(url)).headers["ratelimit-policy"];
    expect(await policyOf("/max")).toBe('"address";q=1;w=5');
    expect(await policyOf("/window")).toBe('"address";q=2;w=3600');
    expect(await policyOf("/burst")).toBe('"address";q=2;w=5');
    expect(await policyOf("/policies")).toBe('"own";q=60;w=60');
    expect(await statuses(app, times(3, "/max"))).toEqual([429, 403, 403]);
    expect(await statuses(app, times(2, "/burst"))).toEqual([429, 403]);
    const allowed = { url: "/max", remoteAddress: "203.0.113.1" };
    expect(await statuses(app, times(3, allowed))).toEqual([200, 200, 200]);
  });

  it("may say max where the registration has policies", async () => {
    const policies = [strictWindow({ name: "hour", limit: 5, per: "hour" })];
    const app = await routes({ policies }, { "/own": { max: 1 }, "/kept": { cost: 5 } });
    expect(await statuses(app, ["/own", "/own", "/kept", "/kept", "/"])).toEqual([
      200, 429, 200, 429, 200,
    ]);
  });

  it("may count by a key of its own", async () => {
    const keyGenerator = async ({ headers }: { headers: object }) =>
      String(Reflect.get(headers, "x-tenant"));
    const app = await routes({ max: 1 }, { "/tenant": { keyGenerator } });
    const of = (tenant: string) => ({ url: "/tenant", headers: { "x-tenant": tenant } });
    expect(await statuses(app, [of("a"), of("b"), of("a"), of("b")])).toEqual([200, 200, 429, 429]);
  });

  it("speaks to every limit in its line, or to those that it names", async () => {
    const app = await createApp({ way });
    await app.register(rateLimit, { max: 4 });
    await app.register(believing);
    await app.register(rateLimit, { by: "principal", max: 4 });
    const declare = (url: string, own: RateLimitRouteOptions | readonly RateLimitRouteOptions[]) =>
      app.get(url, { config: { rateLimit: own } }, async () => "ok");
    declare("/both", { max: 1 });
    declare("/people", { layer: "rate-limit:principal", max: 1 });
    declare("/each", [
      { layer: "rate-limit", max: 3 },
      { layer: "rate-limit:principal", max: 2 },
    ]);

    const policyOf = async (url: string) =>
      (await app.inject(as("ann", url))).headers["ratelimit-policy"];
    expect(await policyOf("/both")).toBe('"address";q=1;w=60, "principal";q=1;w=60');
    expect(await policyOf("/people")).toBe('"address";q=4;w=60, "principal";q=1;w=60');
    expect(await policyOf("/each")).toBe('"address";q=3;w=60, "principal";q=2;w=60');
  });

  it("that speaks to one layer says nothing to another, which limits it only if it limits all", async () => {
    const app = await createApp({ way });
    await app.register(rateLimit, { max: 4, global: false });
    await app.register(rateLimit, { by: () => "all", max: 9, exempt: ["/exempt"] });
    const say = (url: string, own: RateLimitRouteOptions) =>
      app.get(url, { config: { rateLimit: own } }, async () => "ok");
    say("/", { layer: "rate-limit:key", max: 3 });
    say("/exempt", { layer: "rate-limit", max: 2 });

    const policyOf = async (url: string) => (await app.inject(url)).headers["ratelimit-policy"];
    expect(await policyOf("/")).toBe('"requests";q=3;w=60');
    expect(await policyOf("/exempt")).toBe('"address";q=2;w=60');
  });

  it.each([
    ["true", true, "the option rateLimit is true. Give options"],
    ["null", null, "the option rateLimit is null."],
    ["a number", 5, "the option rateLimit is 5."],
    ["a list of numbers", [{ max: 1 }, 5], "the option rateLimit[1] is 5."],
    ["a word", "off", 'the option rateLimit is "off".'],
    ["a word too many", { max: 1, maximum: 2 }, "the option maximum is unknown. Use one of"],
    ["a bad limit", { max: 0 }, "the option max is 0. Give a whole number from 1"],
    ["a bad group", { groupId: "a b" }, 'the option groupId is "a b".'],
    ["a key that is none", { keyGenerator: "ip" }, 'the option keyGenerator is "ip".'],
    ["what is another's", { errorResponseBuilder() {} }, "Register @enfilade/errors"],
    ["one layer twice", [{ max: 1 }, { max: 2 }], "said twice to the layer rate-limit"],
  ])("does not boot with %s", async (_, own, message) => {
    await expect(
      routes({}, { "/bad": own as RateLimitRouteOptions }).then((app) => app.ready()),
    ).rejects.toThrow(message);
  });

  it("that was declared before the layer refuses every request when what it says is not valid", async () => {
    const app = await createApp();
    app.get("/bad", { config: { rateLimit: { max: -1 } } }, async () => "ok");
    await app.register(rateLimit);
    expect((await app.inject("/bad")).statusCode).toBe(500);
  });
});
