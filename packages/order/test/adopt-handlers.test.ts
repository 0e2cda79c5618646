import { adopt } from "@enfilade/layer";
import cookie from "@fastify/cookie";
import helmet from "@fastify/helmet";
import type { FastifyInstance } from "fastify";
import fastifyPlugin from "fastify-plugin";
import { expect, it } from "vitest";
import { arranged, boot, lineOf, WAYS } from "./boot.ts";
import { probe } from "./probes.ts";

it.each(WAYS)(
  "an adopted plugin may set handlers, declare routes and register plugins; its hooks are the layer's: $way",
  async ({ arrange }) => {
    const foreign = fastifyPlugin(async (app: FastifyInstance) => {
      app.addHook("onSend", async (_request, _reply, payload) => `[${payload}]`);
      app.setNotFoundHandler((_request, reply) => reply.code(404).send("its own"));
      app.get("/own", { onSend: async (_q, _r, payload) => `${payload}!` }, async () => "route");
      app.register(async (encapsulated) => {
        encapsulated.addHook("onSend", async (_request, _reply, payload) => `(${payload})`);
        encapsulated.get("/inside", async () => "inside");
      });
      app.register(
        fastifyPlugin(async (shared: FastifyInstance) => {
          shared.addHook("onSend", async (_request, _reply, payload) => `<${payload}>`);
        }),
      );
    });
    const app = await boot(
      arrange([
        (app) => app.register(adopt(foreign, { name: "foreign", place: "shape" })),
        (app) => app.get("/", async () => "root"),
      ]),
    );
    const bodyOf = async (url: string) => (await app.inject(url)).body;
    expect(await bodyOf("/own")).toBe("<[route!]>");
    expect(await bodyOf("/inside")).toBe("<[(inside)]>");
    expect(await bodyOf("/")).toBe("<[root]>");
    expect(await bodyOf("/nowhere")).toBe("<[its own]>");
  },
);

it.each(WAYS)(
  "what it decorates is there in scopes that came first, too: $way",
  async ({ arrange }) => {
    const app = await boot(
      arrange([
        (app) => app.register(adopt(cookie, { name: "cookie", place: "shape" })),
        (app) => app.register(adopt(helmet, { name: "helmet", place: "protect" })),
        (app) =>
          app.register(async (child) => {
            child.get("/", async (request, reply) => {
              reply.setCookie("seen", "yes");
              return { cookies: request.cookies, helmet: typeof reply.helmet };
            });
          }),
      ]),
    );
    const response = await app.inject({ url: "/", cookies: { name: "ada" } });
    expect(response.json()).toEqual({ cookies: { name: "ada" }, helmet: "function" });
    expect(response.headers["set-cookie"]).toContain("seen=yes");
  },
);

it("an error handler that it sets answers for what is declared after it, as in Fastify", async () => {
  const foreign = fastifyPlugin(async (app: FastifyInstance) => {
    app.setErrorHandler((_error, _request, reply) => reply.code(500).send("its error"));
  });
  const broken = async () => {
    throw new Error("on purpose");
  };
  const app = await boot([
    (app) => app.get("/before", broken),
    (app) => app.register(adopt(foreign, { name: "foreign", place: "shape" })),
    (app) => app.register(async (child) => void child.get("/after", broken)),
  ]);
  expect((await app.inject("/after")).body).toBe("its error");
  expect((await app.inject("/before")).json()).toMatchObject({ message: "on purpose" });
});

it("registrations may be awaited, at the root, in a child and inside another plugin", async () => {
  const app = await arranged();
  const nested = fastifyPlugin(async (instance: FastifyInstance) => {
    await instance.register(
      fastifyPlugin(async (deeper: FastifyInstance) => {
        deeper.addHook("onRequest", async () => {});
      }),
    );
  });
  await app.register(adopt(helmet, { name: "helmet", place: "protect" }));
  await app.register(async (child) => {
    await child.register(
      fastifyPlugin(async (shared: FastifyInstance) => {
        await shared.register(probe("inner", "gate"));
        await shared.register(adopt(nested, { name: "nested", place: "spend" }));
      }),
    );
    child.get("/", { helmet: false }, async () => "hello");
  });
  await app.ready();
  expect(lineOf(app, "GET", "/")).toEqual(["helmet", "inner", "nested"]);
  expect(app.order.explain("GET", "/").phases.onRequest).toContain("nested");
  expect((await app.inject("/")).headers["x-frame-options"]).toBeUndefined();
});

it("other plugins may depend on an adopted one by its own name", async () => {
  const dependent = fastifyPlugin(async () => {}, { dependencies: ["@fastify/helmet"] });
  await boot([
    (app) => app.register(adopt(helmet, { name: "headers", place: "protect" })),
    (app) => app.register(dependent),
  ]);
});
