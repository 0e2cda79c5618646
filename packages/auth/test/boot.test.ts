import { createApp, WAYS } from "@enfilade/line-testing";
import { createLogLines } from "@enfilade/testing";
import type { FastifyInstance } from "fastify";
import { describe, expect, it } from "vitest";
import { type AuthOptions, auth, isGuarded } from "../src/index.ts";
import { believing, refusalOf } from "./support.ts";

describe.each(WAYS)("an app does not boot, %s", (way) => {
  it("with a route that has no rule, and names every one of them", async () => {
    const app = await createApp({ way });
    await app.register(believing());
    await app.register(auth);
    app.get("/ruled", { config: { access: "authenticated" } }, () => "");
    app.get("/open", { config: { public: true } }, () => "");
    app.get("/forgotten", () => "");
    app.register(async (child) => child.post("/too", () => ""), { prefix: "/forgotten" });
    const { message } = await refusalOf(app);
    expect(message).toContain("AUTH_ROUTE_WITHOUT_RULE");
    expect(message).toContain("GET /forgotten");
    expect(message).toContain("POST /forgotten/too");
    expect(message).not.toMatch(/HEAD|ruled:|open/);
  });

  it("with a rule that nothing checks", async () => {
    const app = await createApp({ way });
    await app.register(believing());
    app.get("/ruled", { config: { access: { scopes: ["a"] } } }, () => "");
    expect((await refusalOf(app)).message).toContain("AUTH_ACCESS_UNCHECKED");
  });

  it("with routes whose plugin asks whether rules are checked, where they are not", async () => {
    const app = await createApp({ way });
    await app.register(believing());
    const admin = async (scope: FastifyInstance) => {
      scope.addHook("onReady", async () => {
        if (!isGuarded(scope)) throw new Error("open to everybody");
      });
    };
    app.register(admin);
    expect((await refusalOf(app)).message).toContain("open to everybody");

    const guarded = await createApp({ way });
    await guarded.register(believing());
    guarded.register(admin);
    await guarded.register(auth);
    await guarded.ready();
    expect(isGuarded(guarded)).toBe(true);
  });

  it("with a rule, and nothing that finds out who is calling", async () => {
    const app = await createApp({ way });
    await app.register(auth);
    app.get("/ruled", { config: { access: "authenticated" } }, () => "");
    const expected = { alone: "AUTH_NO_AUTHENTICATOR", "in line": "ORDER_MISSING_CAPABILITY" };
    expect((await refusalOf(app)).message).toContain(expected[way]);
  });

  it.each<[string, object, string]>([
    ["an unknown option", { scopes: [] }, "scopes"],
    ["an admin scope with a space", { adminScope: "the admin" }, "adminScope"],
    ["rules in a list", { rules: [] }, "rules"],
    ["a key that is none", { rules: { "/a": "public" } }, "rules"],
    ["a rule that asks for nothing", { rules: { "GET /a": {} } }, "access"],
    ["a parameter that the key lacks", { rules: { "GET /a": { owner: "id" } } }, "access"],
    ["another word for unruled", { unruled: "public" }, "unruled"],
    ["a resource over http", { resources: { resource: "http://api.example" } }, "resource"],
    ["a resource with a fragment", { resources: { resource: "https://a.example/#x" } }, "resource"],
    ["a resource that is no URL", { resources: [{ resource: "api" }] }, "resource"],
    [
      "an issuer over http",
      { resources: { resource: "https://a.example", authorizationServers: ["http://b.example"] } },
      "authorizationServers",
    ],
    ["a misspelt scope", { rules: { "GET /a": { scope: ["a"] } } }, "access.scope is unknown. Use"],
    ["one bad scope", { rules: { "GET /a": { any: ["a", "b c"] } } }, 'access.any[1] is "b c". A'],
    ["scopes of null", { rules: { "GET /a": { scopes: null } } }, "access.scopes is null. Give"],
    ["resources of null", { resources: null }, "the option resources is null. Give {"],
    ["a resource of null", { resources: [null] }, "the option resources[0] is null. Give {"],
    [
      "a misspelt resource",
      { resources: { resource: "https://a.example", issuer: "https://b.example" } },
      "(resources): the option issuer is unknown. Use one of resource, authorizationServers,",
    ],
    [
      "an issuer that is a number",
      {
        resources: {
          resource: "https://a.example",
          authorizationServers: ["https://b.example", 5],
        },
      },
      "(resources): the option authorizationServers[1] is 5. Give",
    ],
    [
      "a scope with a space",
      { resources: { resource: "https://a.example", scopesSupported: ["a b"] } },
      "scopesSupported",
    ],
  ])("with %s", async (_what, options, option) => {
    const app = await createApp({ way });
    const registered = app.register(auth, options as AuthOptions);
    await expect(registered).rejects.toMatchObject({ code: "AUTH_INVALID_OPTION" });
    await expect(app.ready()).rejects.toThrow(option);
  });

  it("with resources below a prefix", async () => {
    const app = await createApp({ way });
    app.register(
      async (child) => {
        await child.register(auth, { resources: { resource: "https://a.example" } });
      },
      { prefix: "/v1" },
    );
    await expect(app.ready()).rejects.toThrow("without a prefix");
  });
});

describe.each(WAYS)("an app boots, %s", (way) => {
  it("when unruled routes are for all who are known", async () => {
    const app = await createApp({ way });
    await app.register(believing());
    await app.register(auth, { unruled: "authenticated" });
    app.get("/", async () => "hello");
    expect((await app.inject("/")).statusCode).toBe(401);
    expect((await app.inject({ url: "/", headers: { "x-test": "ann" } })).statusCode).toBe(200);
  });

  it("and says which lines of the map are of no use", async () => {
    const log = createLogLines();
    const app = await createApp({ way, logger: { level: "warn", stream: log.stream } });
    await app.register(believing());
    await app.register(auth, { rules: { "GET /helth": "public" } });
    await app.ready();
    const line = await log.find(({ code }) => code === "AUTH_UNUSED_RULE");
    expect(JSON.stringify(line)).toContain("GET /helth");
  });

  it("with an authenticator for each of two scopes", async () => {
    const app = await createApp({ way });
    for (const name of ["one", "two"]) {
      app.register(async (child) => {
        await child.register(believing(name));
        await child.register(auth);
        child.get(`/${name}`, { config: { access: "authenticated" } }, async () => name);
      });
    }
    const headers = { "x-one": "ann" };
    expect((await app.inject({ url: "/one", headers })).statusCode).toBe(200);
    expect((await app.inject({ url: "/two", headers })).statusCode).toBe(401);
  });
});

it("refuses, alone, what was declared before it and so escaped the check", async () => {
  const app = await createApp();
  app.get("/early", async () => "never");
  await app.register(believing());
  await app.register(auth);
  await app.ready();
  expect((await app.inject("/early")).statusCode).toBe(401);
  const known = await app.inject({ url: "/early", headers: { "x-test": "ann" } });
  expect(known.statusCode).toBe(403);
  expect(known.json().code).toBe("AUTH_NO_RULE");
});

it("checks, alone, the rule of a route that was declared before it", async () => {
  const app = await createApp();
  app.get("/early", { config: { access: { scopes: ["a:b"] } } }, async () => "in");
  await app.register(believing());
  await app.register(auth);
  const call = (caller: string) => app.inject({ url: "/early", headers: { "x-test": caller } });
  expect((await call("ann")).statusCode).toBe(403);
  expect((await call("ann a:b")).statusCode).toBe(200);
});

it("reports, in line, what was declared before everything", async () => {
  const app = await createApp({ way: "in line" });
  app.get("/early", async () => "never");
  app.register(believing());
  app.register(auth);
  expect((await refusalOf(app)).message).toContain("GET /early");
});

it("does not boot, alone, when it would decide before anybody has found out who is calling", async () => {
  const app = await createApp();
  await app.register(auth);
  await app.register(believing());
  app.get("/", { config: { access: "authenticated" } }, () => "");
  expect((await refusalOf(app)).message).toContain("AUTH_TOO_EARLY");
});
