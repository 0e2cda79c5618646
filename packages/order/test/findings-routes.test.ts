import { adopt } from "@enfilade/layer";
import compress from "@fastify/compress";
import rateLimit from "@fastify/rate-limit";
import Fastify, { type FastifyInstance, type onSendHookHandler, type RouteOptions } from "fastify";
import fastifyPlugin from "fastify-plugin";
import { describe, expect, it, onTestFinished } from "vitest";
import { arrange, order } from "../src/index.ts";
import { boot, refusalOf } from "./boot.ts";
import { layer, probe } from "./probes.ts";

describe("ORDER_LATE_ROUTE", () => {
  const rewriting = fastifyPlugin(async (app: FastifyInstance) => {
    app.addHook("onRoute", (route) => {
      route.bodyLimit = 10;
    });
  });

  it("names the route and the layer that came too late to change it", async () => {
    const { findings } = await refusalOf([
      (app) => app.get("/", async () => "hello"),
      (app) => app.register(adopt(rewriting, { name: "rewriting", place: "gate" })),
    ]);
    expect(findings).toMatchObject([
      {
        code: "ORDER_LATE_ROUTE",
        severity: "error",
        where: "GET /",
        why: expect.stringMatching(/rewriting .*"bodyLimit"/),
      },
    ]);
  });

  it("is none for routes that are declared in a plugin, or later", async () => {
    const app = await boot([
      (app) => app.register(adopt(rewriting, { name: "rewriting", place: "gate" })),
      (app) => app.register(async (child) => void child.post("/", async () => "hello")),
    ]);
    const response = await app.inject({
      method: "POST",
      url: "/",
      payload: { long: "enough for 413" },
    });
    expect(response.statusCode).toBe(413);
  });

  it("names a layer that works route by route, where routes came before the line itself", async () => {
    const app = Fastify();
    onTestFinished(() => app.close());
    app.register(order);
    app.register(adopt(compress, { name: "compress", place: "encode" }));
    app.register(probe("seen", "observe"));
    app.get("/", async () => "hello");
    await expect(app.ready().then(() => "booted")).rejects.toMatchObject({
      findings: [
        {
          code: "ORDER_LATE_ROUTE",
          where: "routes declared before @enfilade/order",
          why: expect.stringContaining("compress"),
        },
      ],
    });
  });
});

describe("ORDER_NOT_AWAITED", () => {
  it("warns of routes that were declared before the line had loaded", async () => {
    const app = Fastify();
    onTestFinished(() => app.close());
    app.register(order);
    app.get("/", async () => "hello");
    await app.ready();
    expect(app.order.findings()).toMatchObject([
      { code: "ORDER_NOT_AWAITED", severity: "warning", where: "root" },
    ]);
  });

  it("has nothing to say of arrange(app), which needs no await", async () => {
    const app = Fastify();
    onTestFinished(() => app.close());
    arrange(app);
    app.get("/", async () => "hello");
    app.register(adopt(compress, { name: "compress", place: "encode" }));
    await app.ready();
    expect(app.order.findings()).toEqual([]);
  });
});

describe("ORDER_HOOK_OUTSIDE", () => {
  it("warns of a plugin that is no layer and puts hooks on routes, once for all of them", async () => {
    const app = await boot([
      (app) => app.register(rateLimit, { max: 10 }),
      (app) =>
        app.register(async (child) => {
          child.get("/", { onRequest: async () => {} }, async () => "hello");
          child.get("/other", async () => "hello");
        }),
    ]);
    expect(app.order.findings()).toMatchObject([
      {
        code: "ORDER_HOOK_OUTSIDE",
        severity: "warning",
        where: "GET / and 1 more",
        why: expect.stringContaining("(onRequest)"),
      },
    ]);
  });

  it("warns of an onSend hook, also where no layer has one", async () => {
    const app = await boot([
      (app) => app.register(compress),
      (app) => app.register(async (child) => void child.get("/", async () => "hello")),
    ]);
    expect(app.order.findings()).toMatchObject([
      { code: "ORDER_HOOK_OUTSIDE", where: "GET /", why: expect.stringContaining("onSend") },
    ]);
  });

  it("has nothing to say of routes' own hooks, nor of layers", async () => {
    const app = await boot([
      (app) => app.register(adopt(rateLimit, { name: "rate-limit", place: "shield" })),
      (app) => app.register(adopt(compress, { name: "compress", place: "encode" })),
      (app) =>
        app.register(async (child) => {
          child.get(
            "/",
            { onRequest: async () => {}, onSend: async () => {} },
            async () => "hello",
          );
        }),
    ]);
    expect(app.order.findings()).toEqual([]);
  });

  const ways: [string, (route: RouteOptions, hook: onSendHookHandler) => void][] = [
    [
      "sets",
      (route, hook) => {
        route.onSend = hook;
      },
    ],
    [
      "adds",
      (route, hook) => {
        route.onSend = [route.onSend ?? [], hook].flat();
      },
    ],
    [
      "pushes",
      (route, hook) => {
        if (Array.isArray(route.onSend)) route.onSend.push(hook);
      },
    ],
  ];
  it.each(ways)(
    "the layers still come last where such a plugin %s an onSend hook",
    async (_how, put) => {
      const app = await boot([
        (app) =>
          app.register(
            fastifyPlugin(async (app: FastifyInstance) => {
              app.addHook("onRoute", (route) =>
                put(
                  route,
                  async (_request: unknown, _reply: unknown, payload: unknown) =>
                    `${payload} foreign`,
                ),
              );
            }),
          ),
        (app) =>
          app.register(
            layer("envelope", "shape", { onSend: (_request, _reply, payload) => `[${payload}]` }),
          ),
        (app) => app.register(async (child) => void child.get("/", async () => "own")),
      ]);
      expect((await app.inject("/")).body).toBe("[own foreign]");
      expect(app.order.findings()).toMatchObject([
        { code: "ORDER_HOOK_OUTSIDE", where: "GET /", why: expect.stringContaining("(onSend)") },
      ]);
    },
  );
});

it("a plugin that declares a copy of each route does not make the layers run twice", async () => {
  const notes: string[] = [];
  const app = await boot([
    (app) =>
      app.register(
        fastifyPlugin(async (app: FastifyInstance) => {
          app.addHook("onRoute", function copy(route) {
            if (!route.url.startsWith("/copy")) this.route({ ...route, url: `/copy${route.url}` });
          });
        }),
      ),
    (app) => app.register(probe("seen", "observe", notes, ["onRequest", "onSend"])),
    (app) => app.register(async (child) => void child.post("/runs", async () => "run")),
  ]);
  for (const url of ["/runs", "/copy/runs"]) {
    notes.length = 0;
    expect((await app.inject({ method: "POST", url })).body).toBe("run");
    expect(notes, url).toEqual(["onRequest seen", "onSend seen"]);
  }
});

it("a plugin that replaces the config of a route does not take the route out of the line", async () => {
  const notes: string[] = [];
  const app = await boot([
    (app) =>
      app.register(
        fastifyPlugin(async (app: FastifyInstance) => {
          app.addHook("onRoute", (route) => {
            route.config = { replaced: true } as object;
          });
        }),
      ),
    (app) => app.register(adopt(rateLimit, { name: "rate-limit", place: "shield" }), { max: 1 }),
    (app) => app.register(probe("seen", "observe", notes, ["onRequest", "onSend"])),
    (app) =>
      app.register(async (child) => {
        child.post("/runs", { onSend: async () => void notes.push("own") }, async () => "run");
        child.post("/others", async () => "other");
      }),
  ]);
  const ask = async () => (await app.inject({ method: "POST", url: "/runs" })).statusCode;
  expect([await ask(), await ask()]).toEqual([200, 429]);
  expect(notes).toEqual([
    "onRequest seen",
    "own",
    "onSend seen",
    "onRequest seen",
    "own",
    "onSend seen",
  ]);
});
