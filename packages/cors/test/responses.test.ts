import { Readable } from "node:stream";
import {
  type AppOptions,
  answerInEveryKind,
  createApp,
  KINDS,
  WAYS,
  withHeaders,
} from "@enfilade/line-testing";
import { listen, openExchange, requestHttp2 } from "@enfilade/testing";
import type { FastifyInstance } from "fastify";
import { describe, expect, it } from "vitest";
import { type CorsOptions, cors } from "../src/index.ts";
import { APP, EVIL } from "./apps.ts";

/** An app that answers in every way there is. */
async function varied(options: CorsOptions, appOptions?: AppOptions): Promise<FastifyInstance> {
  const app = await createApp(appOptions);
  await app.register(cors, options);
  answerInEveryKind(app, { Vary: "Accept" });
  return app;
}

describe.each(WAYS)("every kind of response, %s", (way) => {
  it.each(KINDS)("carries the headers: %s", async (_kind, request, status) => {
    const origin = await listen(await varied({ origin: APP, credentials: true }, { way }));
    const head = await (await openExchange(origin, withHeaders(request, { origin: APP }))).head();
    expect(head.status).toBe(status);
    expect(head.headers.get("access-control-allow-origin")).toEqual([APP]);
    expect(head.headers.get("access-control-allow-credentials")).toEqual(["true"]);
    expect(head.header("access-control-expose-headers")).toContain("X-Request-ID");
    expect(head.header("vary")).toMatch(/(^|, )Origin$/);
  });

  it.each(KINDS)("varies, but lets nobody in that is not listed: %s", async (_kind, request) => {
    const server = await listen(await varied({ origin: APP, credentials: true }, { way }));
    for (const headers of [{ origin: EVIL }, {}]) {
      const head = await (await openExchange(server, withHeaders(request, headers))).head();
      expect(head.header("vary")).toMatch(/(^|, )Origin$/);
      expect(head.headers.get("access-control-allow-origin")).toBeUndefined();
      expect(head.headers.get("access-control-allow-credentials")).toBeUndefined();
    }
  });
});

it("over HTTP/2 every kind of response carries the headers too", async () => {
  const origin = await listen(await varied({ origin: APP }, { http2: true }));
  for (const [kind, request, status] of KINDS) {
    const response = await requestHttp2(origin, withHeaders(request, { origin: APP }));
    expect(response.statusCode, kind).toBe(status);
    expect(response.headers["access-control-allow-origin"], kind).toBe(APP);
    expect(response.headers.vary, kind).toMatch(/(^|, )Origin$/);
  }
  const preflight = await requestHttp2(origin, {
    method: "OPTIONS",
    path: "/plain",
    headers: { origin: APP, "access-control-request-method": "PUT" },
  });
  expect(preflight.statusCode).toBe(204);
  expect(preflight.headers["access-control-allow-methods"]).toContain("PUT");
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
