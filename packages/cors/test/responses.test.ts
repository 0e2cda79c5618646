import { once } from "node:events";
import { connect } from "node:http2";
import { Readable } from "node:stream";
import { listen, openExchange } from "@enfilade/testing";
import type { FastifyInstance, FastifyServerOptions } from "fastify";
import { describe, expect, it, onTestFinished } from "vitest";
import { type CorsOptions, cors } from "../src/index.ts";
import { APP, createApp, EVIL, WAYS, type Way } from "./apps.ts";

/** An app with a route for each kind of response. */
async function varied(
  options: CorsOptions,
  way: Partial<Way> = {},
  server: FastifyServerOptions = {},
): Promise<FastifyInstance> {
  const app = await createApp(way, server);
  await app.register(cors, options);
  app.get("/plain", async () => ({ ok: true }));
  app.get("/empty", (_request, reply) => reply.code(204).send());
  app.get("/stream", (_request, reply) => reply.send(Readable.from(["a", "b"])));
  app.get("/response", async () => new Response("web", { headers: { vary: "Accept" } }));
  app.get("/throws", async () => {
    throw new Error("boom");
  });
  app.get("/fails-late", (_request, reply) =>
    reply.send(
      new Readable({
        read() {
          this.destroy(new Error("no such file"));
        },
      }),
    ),
  );
  app.get("/hijack", (_request, reply) => {
    reply.hijack();
    reply.raw.end("raw");
  });
  app.get("/events", (_request, reply) => {
    reply.hijack();
    reply.raw.writeHead(200, { "content-type": "text/event-stream", Vary: "Accept" });
    reply.raw.write("data: 1\n\n");
    reply.raw.end();
  });
  app.post("/schema", { schema: { body: { type: "object", required: ["a"] } } }, async () => "ok");
  for (const [path, status] of [
    ["/401", 401],
    ["/429", 429],
  ] as const) {
    const refuse = {
      onRequest: async (_q: unknown, reply: { code(n: number): { send(b: object): unknown } }) =>
        reply.code(status).send({}),
    };
    app.get(path, refuse as object, async () => "never");
  }
  return app;
}

const RESPONSES = [
  ["a plain one", "GET", "/plain", 200],
  ["HEAD", "HEAD", "/plain", 200],
  ["one without a body", "GET", "/empty", 204],
  ["a stream", "GET", "/stream", 200],
  ["a web Response", "GET", "/response", 200],
  ["an error", "GET", "/throws", 500],
  ["a stream that fails before its headers", "GET", "/fails-late", 500],
  ["a hijacked one", "GET", "/hijack", 200],
  ["server-sent events written by hand", "GET", "/events", 200],
  ["a body that does not parse", "POST", "/schema", 400],
  ["a refusal to authenticate", "GET", "/401", 401],
  ["a limit", "GET", "/429", 429],
  ["404", "GET", "/nowhere", 404],
  ["a wrong method", "DELETE", "/plain", 404],
] as const;

function request(method: string, path: string, origin: string | undefined) {
  return {
    method,
    path,
    ...(method === "POST" && { body: "{" }),
    headers: {
      ...(method === "POST" && { "content-type": "application/json" }),
      ...(origin !== undefined && { origin }),
    },
  };
}

describe.each(WAYS)("every kind of response, $way", (way) => {
  it.each(RESPONSES)("carries the headers: %s", async (_what, method, path, status) => {
    const origin = await listen(await varied({ origin: APP, credentials: true }, way));
    const head = await (await openExchange(origin, request(method, path, APP))).head();
    expect(head.status).toBe(status);
    expect(head.headers.get("access-control-allow-origin")).toEqual([APP]);
    expect(head.headers.get("access-control-allow-credentials")).toEqual(["true"]);
    expect(head.header("access-control-expose-headers")).toContain("X-Request-ID");
    expect(head.header("vary")).toMatch(/(^|, )Origin$/);
  });

  it.each(RESPONSES)(
    "varies, but lets nobody in that is not listed: %s",
    async (_what, method, path) => {
      const server = await listen(await varied({ origin: APP, credentials: true }, way));
      for (const origin of [EVIL, undefined]) {
        const head = await (await openExchange(server, request(method, path, origin))).head();
        expect(head.header("vary")).toMatch(/(^|, )Origin$/);
        expect(head.headers.get("access-control-allow-origin")).toBeUndefined();
        expect(head.headers.get("access-control-allow-credentials")).toBeUndefined();
      }
    },
  );
});

it("over HTTP/2 every kind of response carries the headers too", async () => {
  const app = await varied({ origin: APP }, {}, { http2: true } as object);
  const origin = await listen(app);
  const session = connect(origin);
  onTestFinished(() => session.destroy());
  for (const [, method, path, status] of RESPONSES) {
    const stream = session.request({
      ":path": path,
      ":method": method,
      origin: APP,
      ...(method === "POST" && { "content-type": "application/json" }),
    });
    stream.end(method === "POST" ? "{" : undefined);
    const [headers] = await once(stream, "response");
    expect(headers[":status"], path).toBe(status);
    expect(headers["access-control-allow-origin"], path).toBe(APP);
    expect(headers.vary, path).toMatch(/(^|, )Origin$/);
    stream.close();
  }
  const preflight = session.request({
    ":method": "OPTIONS",
    ":path": "/plain",
    origin: APP,
    "access-control-request-method": "PUT",
  });
  const [headers] = await once(preflight, "response");
  expect(headers[":status"]).toBe(204);
  expect(headers["access-control-allow-methods"]).toContain("PUT");
});

describe("the last word is the layer's", () => {
  const copied = {
    "Access-Control-Allow-Origin": EVIL,
    "access-control-allow-credentials": "true",
    Vary: "Accept-Encoding",
  };

  async function proxying(options: CorsOptions) {
    const app = await createApp();
    await app.register(cors, options);
    app.get("/reply", (_request, reply) => reply.headers(copied).send("upstream"));
    app.get("/stream", (_request, reply) =>
      reply.headers(copied).send(Readable.from(["upstream"])),
    );
    app.get("/response", async () => new Response("upstream", { headers: copied }));
    app.get("/raw", (_request, reply) => {
      reply.hijack();
      reply.raw.writeHead(200, copied);
      reply.raw.end("upstream");
    });
    app.get("/set", (_request, reply) => {
      reply.hijack();
      for (const [name, value] of Object.entries(copied)) reply.raw.setHeader(name, value);
      reply.raw.end("upstream");
    });
    return app;
  }

  it.each(["/reply", "/stream", "/response", "/raw", "/set"])(
    "where %s has copied another server's headers",
    async (url) => {
      const app = await proxying({ origin: APP });
      for (const origin of [APP, EVIL]) {
        const { headers, body } = await app.inject({ url, headers: { origin } });
        expect(body).toBe("upstream");
        expect(headers["access-control-allow-origin"]).toBe(origin === APP ? APP : undefined);
        expect(headers).not.toHaveProperty("access-control-allow-credentials");
        expect(headers.vary).toBe("Accept-Encoding, Origin");
      }
    },
  );

  it.each(["/reply", "/raw"])("for everybody, too: %s", async (url) => {
    const app = await proxying({ origin: "*" });
    const { headers } = await app.inject({ url, headers: { origin: EVIL } });
    expect(headers["access-control-allow-origin"]).toBe("*");
    expect(headers).not.toHaveProperty("access-control-allow-credentials");
    expect(headers.vary).toBe("Accept-Encoding");
  });

  it.each([
    [["Accept", "Cookie"], "Accept, Cookie, Origin"],
    ["origin", "origin"],
    ["Accept,ORIGIN , Cookie", "Accept,ORIGIN , Cookie"],
    ["*", "*"],
    ["Accept, *", "Accept, *"],
    ["X-Origin", "X-Origin, Origin"],
    ["", "Origin"],
  ])("but a Vary of %j is only added to", async (vary, expected) => {
    const app = await createApp();
    await app.register(cors, { origin: APP });
    app.get("/", (_request, reply) => reply.header("vary", vary).send("ok"));
    const { headers } = await app.inject({ url: "/", headers: { origin: APP } });
    expect(headers.vary).toBe(expected);
  });
});

describe("registered behind a hook that has answered first, without the order", () => {
  it("still lets the page read the refusal", async () => {
    const app = await createApp();
    app.addHook("onRequest", async (_request, reply) => reply.code(401).send({ error: "who?" }));
    await app.register(cors, {
      origin: [APP, async (origin) => origin === "https://later.example"],
    });
    app.get("/", async () => "never");
    const ask = (origin: string) => app.inject({ url: "/", headers: { origin } });
    const refusal = await ask(APP);
    expect(refusal.statusCode).toBe(401);
    expect(refusal.headers["access-control-allow-origin"]).toBe(APP);
    expect(refusal.headers.vary).toBe("Origin");
    // Nobody can be waited for once the headers are going out.
    expect((await ask("https://later.example")).headers).toMatchObject({ vary: "Origin" });
    expect((await ask("https://later.example")).headers).not.toHaveProperty(
      "access-control-allow-origin",
    );
    expect((await ask(EVIL)).headers).not.toHaveProperty("access-control-allow-origin");
  });
});

it("gives an interim response no headers, and the final one all", async () => {
  const app = await createApp();
  await app.register(cors, { origin: APP });
  app.get("/", (_request, reply) => {
    reply.raw.writeContinue();
    reply.raw.writeProcessing();
    reply.send("ok");
  });
  const exchange = await openExchange(await listen(app), { headers: { origin: APP } });
  expect((await exchange.head()).header("access-control-allow-origin")).toBe(APP);
  expect(await exchange.wholeBody()).toBe("ok");
});
