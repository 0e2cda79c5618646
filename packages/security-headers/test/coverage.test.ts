import { PassThrough } from "node:stream";
import { createApp, WAYS } from "@enfilade/line-testing";
import { createDeferred, listen, openExchange, requestHttp2 } from "@enfilade/testing";
import { describe, expect, it } from "vitest";
import { createHeaders, securityHeaders } from "../src/index.ts";
import { EVERY_KIND, variedApp } from "./kinds.ts";

const EXPECTED = Object.entries(createHeaders({}, false));
const LEAKS = ["server", "x-powered-by"];

describe.each(WAYS)("every kind of response carries the headers, %s", (way) => {
  it.each(EVERY_KIND)("%s", async (_kind, request, status) => {
    const origin = await listen(await variedApp({}, { way }));
    const head = await (await openExchange(origin, request)).head();
    expect(head.status).toBe(status);
    for (const [name, value] of EXPECTED) expect(head.headers.get(name)).toEqual([value]);
    for (const name of LEAKS) expect(head.headers.has(name)).toBe(false);
  });

  it.each(EVERY_KIND)("over HTTP/2 too: %s", async (_kind, request, status) => {
    const origin = await listen(await variedApp({}, { way, http2: true }));
    const { statusCode, headers } = await requestHttp2(origin, request);
    expect(statusCode).toBe(status);
    expect(headers).toMatchObject(Object.fromEntries(EXPECTED));
    for (const name of LEAKS) expect(headers).not.toHaveProperty(name);
  });

  it("a stream that is still open", async () => {
    const app = await variedApp({}, { way });
    const stream = new PassThrough();
    app.get("/open", (_request, reply) => reply.type("text/event-stream").send(stream));
    const exchange = await openExchange(await listen(app), { path: "/open" });
    stream.write("data: 1\n\n");
    expect((await exchange.head()).header("x-content-type-options")).toBe("nosniff");
    stream.end();
    expect(await exchange.wholeBody()).toBe("data: 1\n\n");
  });
});

describe("what a handler sets itself", () => {
  it("stands, on a reply and on the connection", async () => {
    const app = await variedApp();
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
    app.get("/none", (_request, reply) => reply.removeHeader("x-frame-options").send({}));
    expect((await app.inject("/none")).headers).not.toHaveProperty("x-frame-options");
  });
});

it("mixes up no two requests that are under way at once", async () => {
  const app = await createApp();
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
