import { once } from "node:events";
import { connect } from "node:http2";
import { PassThrough, Readable } from "node:stream";
import { createDeferred, listen, openExchange } from "@enfilade/testing";
import Fastify, { type FastifyInstance, type FastifyReply } from "fastify";
import { describe, expect, it, onTestFinished } from "vitest";
import { createHeaders, securityHeaders } from "../src/index.ts";

const EXPECTED = Object.entries(createHeaders({}, false));

async function variedApp() {
  const app = Fastify({
    frameworkErrors(error, _request, reply: FastifyReply) {
      reply.headers(createHeaders({}, false)).send(error);
    },
  });
  await app.register(securityHeaders);
  app.get("/plain", async () => ({ ok: true }));
  app.get("/empty", (_request, reply) => reply.code(204).send());
  app.get("/unchanged", (_request, reply) => reply.code(304).send());
  app.get("/redirect", (_request, reply) => reply.redirect("/plain"));
  app.get("/stream", (_request, reply) => reply.send(Readable.from(["a", "b"])));
  app.get("/response", async () => new Response("web", { headers: { server: "leak" } }));
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
  app.get("/raw", (_request, reply) => {
    reply.hijack();
    reply.raw.writeHead(200, { "Content-Type": "text/plain", Server: "leak" });
    reply.raw.write("raw");
    reply.raw.end();
  });
  app.post("/schema", { schema: { body: { type: "object", required: ["a"] } } }, async () => "ok");
  app.get(
    "/refused",
    { onRequest: async (_request, reply) => reply.code(401).send({}) },
    async () => "never",
  );
  return app;
}

describe("every kind of response carries the headers", () => {
  it.each([
    ["a plain one", "GET", "/plain", 200],
    ["HEAD", "HEAD", "/plain", 200],
    ["one without a body", "GET", "/empty", 204],
    ["one that has not changed", "GET", "/unchanged", 304],
    ["a redirect", "GET", "/redirect", 302],
    ["a stream", "GET", "/stream", 200],
    ["a web Response", "GET", "/response", 200],
    ["an error", "GET", "/throws", 500],
    ["a stream that fails before its headers", "GET", "/fails-late", 500],
    ["a hijacked one", "GET", "/hijack", 200],
    ["one that a handler writes by itself", "GET", "/raw", 200],
    ["a refusal", "GET", "/refused", 401],
    ["404", "GET", "/nowhere", 404],
    ["a wrong method", "DELETE", "/plain", 404],
    ["a body that does not parse", "POST", "/schema", 400],
    ["a URL that does not parse, by createHeaders", "GET", "/%zz", 400],
  ])("%s", async (_what, method, path, status) => {
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
