import { defineLayer } from "@enfilade/layer";
import type { FastifyContextConfig, FastifyInstance } from "fastify";
import { describe, expect, it } from "vitest";
import { boot, refusalOf } from "./boot.ts";
import { probe } from "./probes.ts";

/** A rule of access, in no particular form: the line only looks whether there is one. */
const access = { access: ["admin"] } as FastifyContextConfig;

const key = defineLayer({
  name: "key",
  place: "authenticate",
  provides: ["principal"],
  setup: () => ({}),
});
const compress = probe("compress", "encode");

describe("ORDER_UNKNOWN_SKIP", () => {
  it("names the route that skips a layer that nobody registered", async () => {
    const { findings } = await refusalOf([
      (app) => app.register(compress),
      (app) => app.get("/", { config: { skip: ["compres"] } }, async () => "hello"),
    ]);
    expect(findings).toMatchObject([
      {
        code: "ORDER_UNKNOWN_SKIP",
        severity: "error",
        where: "GET /",
        why: expect.stringContaining("compres"),
      },
    ]);
  });

  it("names the scope, also one that has no route and no layer of its own", async () => {
    const { findings } = await refusalOf([
      (app) =>
        app.register(async function agents(child) {
          child.order.skip("compres");
          child.register(async (grandchild) => void grandchild.get("/", async () => "hello"));
        }),
    ]);
    expect(findings).toMatchObject([{ code: "ORDER_UNKNOWN_SKIP", where: "scope agents" }]);
  });
});

describe("a not-found handler", () => {
  const handlerWith = (config: object, prefix?: string) => (app: FastifyInstance) =>
    app.register(
      async (child) => {
        const options = { config } as object;
        child.setNotFoundHandler(options, (_request, reply) => reply.code(404).send("not here"));
      },
      prefix === undefined ? {} : { prefix },
    );

  it("is audited as routes are", async () => {
    const { findings } = await refusalOf([
      (app) => app.register(key),
      handlerWith({ public: "false" }),
      handlerWith({ skip: ["key", "compres"] }, "/api"),
    ]);
    expect(findings.map(({ code, where }) => [code, where])).toEqual([
      ["ORDER_INVALID_CONFIG", "not found"],
      ["ORDER_SKIP_REFUSED", "not found below /api"],
      ["ORDER_UNKNOWN_SKIP", "not found below /api"],
    ]);
  });

  it("is listed where it is public, or skips a layer; what falls without a principal is not", async () => {
    const app = await boot([
      (app) => app.register(probe("guard", "authorize")),
      (app) => app.register(compress),
      (app) => app.register(probe("quota", "spend"), { layer: { requires: ["principal"] } }),
      handlerWith({ public: true }),
      handlerWith({ skip: ["compress"] }, "/api"),
    ]);
    expect(app.order.findings().map(({ code, where, why }) => [code, where, why])).toEqual([
      ["ORDER_PUBLIC_ROUTE", "not found", "it goes round guard: the route is public"],
      ["ORDER_PUBLIC_ROUTE", "not found", 'it goes round quota: nothing here makes "principal"'],
      ["ORDER_SKIPPED", "not found below /api", "it goes round compress: the route skips it"],
    ]);
  });
});

describe("ORDER_SKIP_REFUSED", () => {
  it("lets nobody skip a layer that guards routes", async () => {
    const { findings } = await refusalOf([
      (app) => app.register(key),
      (app) => app.get("/", { config: { skip: ["key"] } }, async () => "hello"),
      (app) =>
        app.register(async function agents(child) {
          child.order.skip("key");
        }),
    ]);
    expect(findings.map(({ code, where }) => [code, where])).toEqual([
      ["ORDER_SKIP_REFUSED", "scope agents"],
      ["ORDER_SKIP_REFUSED", "GET /"],
    ]);
  });
});

it("ORDER_PUBLIC_ACCESS refuses a rule of access on a public route, which nobody would check", async () => {
  const { findings } = await refusalOf([
    (app) => app.register(key),
    (app) => app.get("/", { config: { ...access, public: true } }, async () => "hello"),
  ]);
  expect(findings).toMatchObject([
    { code: "ORDER_PUBLIC_ACCESS", severity: "error", where: "GET /" },
  ]);
});

describe("ORDER_UNPROTECTED_ROUTE", () => {
  it("refuses a rule of access where no layer authenticates", async () => {
    const { findings } = await refusalOf([
      (app) => app.register(async (child) => void child.register(key)),
      (app) => app.delete("/runs", { config: access }, async () => "gone"),
    ]);
    expect(findings).toMatchObject([
      { code: "ORDER_UNPROTECTED_ROUTE", severity: "error", where: "DELETE /runs" },
    ]);
  });

  it("refuses it where a layer authenticates, and none checks the rule", async () => {
    const { findings } = await refusalOf([
      (app) => app.register(key),
      (app) => app.delete("/runs", { config: access }, async () => "gone"),
    ]);
    expect(findings).toMatchObject([
      { code: "ORDER_UNPROTECTED_ROUTE", why: expect.stringContaining("checks it") },
    ]);
  });

  it("is content with an authenticator and a layer that checks, in the scope or above", async () => {
    await boot([
      (app) => app.register(key),
      (app) =>
        app.register(async (child) => {
          child.register(probe("rules", "authorize"));
          child.get("/", { config: access }, async () => "hello");
        }),
    ]);
  });
});

describe("ORDER_INVALID_CONFIG", () => {
  it.each([
    ["skip", "compress"],
    ["skip", 5],
    ["skip", null],
    ["skip", [1]],
    ["public", "yes"],
    ["public", 1],
    ["public", null],
  ])("refuses config.%s: %j", async (option, value) => {
    const { code, findings } = await refusalOf([
      (app) => app.register(compress),
      (app) => app.get("/", { config: { [option]: value } }, async () => "hello"),
    ]);
    expect(code).toBe("ORDER_REFUSED");
    expect(findings).toMatchObject([
      {
        code: "ORDER_INVALID_CONFIG",
        severity: "error",
        where: "GET /",
        why: expect.stringContaining(`config.${option}`),
      },
    ]);
  });
});

describe("what routes are left out of is listed, and no more", () => {
  it("ORDER_PUBLIC_ROUTE, for each guard that a public route goes round, and what falls with it", async () => {
    const app = await boot([
      (app) => app.register(key),
      (app) => app.register(compress),
      (app) => app.register(probe("quota", "spend"), { layer: { requires: ["principal"] } }),
      (app) =>
        app.get("/open", { config: { public: true, skip: ["compress"] } }, async () => "hello"),
    ]);
    const findings = app.order.findings();
    expect(
      findings.every(({ severity, where }) => severity === "info" && where === "GET /open"),
    ).toBe(true);
    expect(findings.map(({ code, why }) => [code, why])).toEqual([
      ["ORDER_SKIPPED", "it goes round compress: the route skips it"],
      ["ORDER_PUBLIC_ROUTE", "it goes round key: the route is public"],
      ["ORDER_PUBLIC_ROUTE", 'it goes round quota: nothing here makes "principal"'],
    ]);
  });

  it("ORDER_SKIPPED, for each layer that a route or its scope skips", async () => {
    const app = await boot([
      (app) => app.register(compress),
      (app) => app.get("/raw", { config: { skip: ["compress"] } }, async () => "hello"),
      (app) =>
        app.register(async (child) => {
          child.order.skip("compress");
          child.get("/stream", async () => "hello");
        }),
    ]);
    expect(
      app.order.findings().map(({ code, severity, where, why }) => [code, severity, where, why]),
    ).toEqual([
      ["ORDER_SKIPPED", "info", "GET /raw", "it goes round compress: the route skips it"],
      ["ORDER_SKIPPED", "info", "GET /stream", "it goes round compress: its scope skips it"],
    ]);
  });
});
