import { gcra, strictWindow } from "@enfilade/limiter";
import { createApp, WAYS } from "@enfilade/line-testing";
import type { FastifyInstance } from "fastify";
import { describe, expect, it } from "vitest";
import { type RateLimitOptions, type RateLimitRouteOptions, rateLimit } from "../src/index.ts";
import { as, believing } from "./apps.ts";

const hour = strictWindow({ name: "hour", limit: 5, per: "hour" });
const second = gcra({ name: "hour", limit: 5, per: "second", burst: 5 });

describe.each(WAYS)("%s, the name of a policy", (way) => {
  async function limited(rateLimit?: RateLimitRouteOptions | false): Promise<FastifyInstance> {
    const app = await createApp({ way });
    await registerBoth(app);
    app.get("/", { config: { ...(rateLimit !== undefined && { rateLimit }) } }, async () => "ok");
    return app;
  }
  async function registerBoth(app: FastifyInstance): Promise<void> {
    await app.register(rateLimit, { max: 9, exempt: ["/exempt"] });
    await app.register(believing);
    await app.register(rateLimit, { by: "principal", policies: [hour] });
  }
  const policyOf = async (app: FastifyInstance, url = "/") =>
    (await app.inject(as("ann", url))).headers["ratelimit-policy"];
  const boot = async (app: FastifyInstance) => await app.ready();

  it("is that of the registration, where that has one of its own", async () => {
    const app = await createApp({ way });
    await app.register(rateLimit, { max: 9 });
    await app.register(rateLimit, { max: 99, timeWindow: "day", layer: { name: "shield:day" } });
    app.get("/", async () => "ok");
    const { headers } = await app.inject("/");
    expect(headers["ratelimit-policy"]).toBe('"address";q=9;w=60, "shield-day";q=99;w=86400');
    expect(headers.ratelimit).toMatch(/^"address";r=8;t=\d+, "shield-day";r=98;t=\d+$/);
  });

  it("does not come twice to a client: an app of two limits by which it would does not boot", async () => {
    const app = await createApp({ way });
    const declare = async () => {
      await app.register(rateLimit, { policies: [hour] });
      await app.register(rateLimit, { by: ({ url }) => url, policies: [second] });
      app.get("/models", async () => "ok");
      await app.ready();
    };
    await expect(declare()).rejects.toThrow(
      /GET \/models\)?:? clients are told of two policies named "hour", by rate-limit and by rate-limit:key/,
    );
  });

  it("is not that of two layers by a route which gives its policies to both", async () => {
    await expect(limited({ policies: [second] }).then(boot)).rejects.toThrow(/"hour"/);
    const app = await limited({ policies: [second], layer: "rate-limit:principal" });
    expect(await policyOf(app)).toBe('"address";q=9;w=60, "hour";q=5;w=1');
  });

  it("may be that of two where they never meet", async () => {
    const app = await createApp({ way });
    await app.register(rateLimit, { policies: [hour], exempt: ["/exempt"] });
    await app.register(rateLimit, { by: ({ url }) => url, policies: [hour], global: false });
    const silent = { by: () => "all", policies: [hour], headers: [], layer: { name: "silent" } };
    await app.register(rateLimit, silent);
    app.get("/", async () => "ok");
    const own = { layer: "rate-limit:key", max: 3 };
    app.get("/own", { config: { rateLimit: own } }, async () => "ok");
    app.get(
      "/exempt",
      { config: { rateLimit: { layer: "rate-limit:key", policies: [hour] } } },
      async () => "ok",
    );
    app.get("/open", { config: { rateLimit: false } }, async () => "ok");
    expect(await policyOf(app)).toBe('"hour";q=5;w=3600');
    expect(await policyOf(app, "/own")).toBe('"hour";q=5;w=3600, "requests";q=3;w=60');
    expect(await policyOf(app, "/exempt")).toBe('"hour";q=5;w=3600');
    expect(await policyOf(app, "/open")).toBeUndefined();
  });
});

it("alone, a limit in a scope needs another name than the one above it", async () => {
  const app = await createApp();
  await app.register(rateLimit);
  app.register(async (child) => {
    await child.register(rateLimit, { max: 5 });
    child.get("/runs", async () => "ok");
  });
  await expect(app.ready()).rejects.toMatchObject({
    code: "RATE_LIMIT_NAME_TAKEN",
    message:
      '@enfilade/rate-limit: on GET /runs clients are told of two policies named "address", by rate-limit and by rate-limit. Give one of them another name: what max makes is named after layer: { name }. Policies of a route\'s own can be given to one layer alone, by layer.',
  });
});

it("in line, a limit that replaces another may have its name", async () => {
  const app = await createApp({ way: "in line" });
  await app.register(rateLimit);
  app.register(async (child) => {
    await child.register(rateLimit, { max: 5, layer: { override: true } });
    child.get("/runs", async () => "ok");
  });
  expect((await app.inject("/runs")).headers["ratelimit-policy"]).toBe('"address";q=5;w=60');
});

it("failed authentications have a name that no policy by address may have", async () => {
  const policies = [strictWindow({ name: "failures", limit: 5, per: "hour" })];
  const register = async (options: RateLimitOptions) => {
    await (await createApp()).register(rateLimit, { policies, ...options });
  };
  await expect(register({})).rejects.toThrow(
    "the option policies is an array of 1. Failed authentications have the name failures: use another.",
  );
  await register({ failures: false });
  await register({ by: () => "all" });
});
