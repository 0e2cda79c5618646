import { once } from "node:events";
import { connect } from "node:http2";
import { PassThrough } from "node:stream";
import { createDeferred, listen, openExchange } from "@enfilade/testing";
import Fastify, { type FastifyInstance } from "fastify";
import { describe, expect, it, onTestFinished } from "vitest";
import { createHeaders, securityHeaders } from "../src/index.ts";
import { KINDS, variedApp } from "./kinds.ts";

const EXPECTED = Object.entries(createHeaders({}, false));

describe("every kind of response carries the headers", () => {
  it.each(KINDS)("%s", async (_what, method, path, status) => {
    const origin = await listen(await variedApp());
    const exchange = await openExchange(origin, {
      method,
      path,
      ...(method === "POST" && { body: "{", headers: { "content-type": "application/json" } }),
    });
    const head = await exchange.head();
    expect(head.status).toBe(status);
    for (const [name, value] of EXPECTED) expect(head.headers.get(name)).toEqual([value]);
    expect(head.headers.has("server")).toBe(false);
  });

  it("a stream that is still open", async () => {
    const app = await variedApp();
    const stream = new PassThrough();
    app.get("/open", (_request, reply) => reply.type("text/event-stream").send(stream));
    const exchange = await openExchange(await listen(app), { path: "/open" });
    stream.write("data: 1\n\n");
    expect((await exchange.head()).header("x-content-type-options")).toBe("nosniff");
    stream.end();
    expect(await exchange.wholeBody()).toBe("data: 1\n\n");
  });

  it("over HTTP/2 too, when the handler takes the stream", async () => {
    const app = Fastify({ http2: true });
    await app.register(securityHeaders);
    app.get("/plain", async () => ({ ok: true }));
    app.get("/raw", (_request, reply) => {
      reply.hijack();
      reply.raw.setHeader("x-powered-by", "leak");
      reply.raw.writeHead(200, { server: "leak" });
      reply.raw.end("raw");
    });
    const origin = await listen(app as unknown as FastifyInstance);
    const session = connect(origin);
    onTestFinished(() => session.destroy());
    for (const path of ["/plain", "/raw", "/nowhere"]) {
      const stream = session.request({ ":path": path });
      const [headers] = await once(stream, "response");
      expect(headers).toMatchObject(Object.fromEntries(EXPECTED));
      expect(headers).not.toHaveProperty("server");
      expect(headers).not.toHaveProperty("x-powered-by");
      stream.close();
    }
  });
});

describe("what a handler sets itself", () => {
  it("stands, on a reply and on the connection", async () => {
    const app = await variedApp();
    onTestFinished(() => app.close());
    app.get("/own", (_request, reply) => reply.header("X-Frame-Options", "SAMEORIGIN").send({}));
    app.get("/own-raw", (_request, reply) => {
      reply.hijack();
      reply.raw.writeHead(200, { "X-Frame-Options": "SAMEORIGIN" });
      reply.raw.end();
    });
    for (const url of ["/own", "/own-raw"]) {
      const { headers } = await app.inject(url);
      expect(headers["x-frame-options"]).toBe("SAMEORIGIN");
      expect(headers["x-content-type-options"]).toBe("nosniff");
    }
  });

  it("stands when it is taken away", async () => {
    const app = await variedApp();
    onTestFinished(() => app.close());
    app.get("/none", (_request, reply) => reply.removeHeader("x-frame-options").send({}));
    expect((await app.inject("/none")).headers).not.toHaveProperty("x-frame-options");
  });
});

it("mixes up no two requests that are under way at once", async () => {
  const app = Fastify();
  onTestFinished(() => app.close());
  await app.register(securityHeaders, { profile: "page" });
  const first = createDeferred();
  app.get("/slow", async (_request, reply) => {
    const { script } = reply.cspNonce;
    await first.promise;
    return script;
  });
  app.get("/fast", async (_request, reply) => reply.cspNonce.script);
  const slow = app.inject("/slow");
  const fast = await app.inject("/fast");
  first.resolve();
  for (const response of [fast, await slow]) {
    expect(response.headers["content-security-policy"]).toContain(`'nonce-${response.body}'`);
  }
  expect((await slow).body).not.toBe(fast.body);
});
