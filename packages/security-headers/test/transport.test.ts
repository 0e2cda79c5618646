import { once } from "node:events";
import { connect } from "node:http2";
import { createApp } from "@enfilade/line-testing";
import { listen, openExchange, requestTls, TLS_CLIENT, TLS_SERVER } from "@enfilade/testing";
import Fastify from "fastify";
import { describe, expect, it, onTestFinished } from "vitest";
import { createHeaders, type SecurityHeadersOptions, securityHeaders } from "../src/index.ts";
import { EVERY_KIND, variedApp } from "./kinds.ts";

const HSTS = "strict-transport-security";

async function plainApp(
  options: SecurityHeadersOptions = {},
  trustProxy: boolean | string = false,
) {
  const app = await createApp({ trustProxy });
  await app.register(securityHeaders, options);
  app.get("/", async () => "ok");
  return app;
}

describe("HSTS", () => {
  it.each(EVERY_KIND)("is sent over TLS on %s, and not over plain HTTP", async (_kind, request) => {
    const origin = await listen(await variedApp({}, { https: TLS_SERVER }));
    const response = await requestTls(origin, request);
    expect(response.headers[HSTS]).toBe("max-age=63072000; includeSubDomains");

    const over = await (await variedApp()).inject(request);
    expect(over.headers).not.toHaveProperty(HSTS);
  });

  it("is for createHeaders to give to answers to what is no HTTP, by whether the connection has TLS", async () => {
    const app = Fastify({
      clientErrorHandler(_error, socket) {
        const headers = Object.entries(createHeaders({}, "encrypted" in socket));
        const lines = headers.map(([name, value]) => `${name}: ${value}\r\n`);
        socket.end(`HTTP/1.1 400 Bad Request\r\n${lines.join("")}connection: close\r\n\r\n`);
      },
    });
    const exchange = await openExchange(await listen(app), { method: "NO HTTP", path: "/" });
    const { status, headers } = await exchange.head();

    expect(status).toBe(400);
    for (const [name, value] of Object.entries(createHeaders({}, false))) {
      expect(headers.get(name)).toEqual([value]);
    }
    expect(headers.has(HSTS)).toBe(false);
  });

  it("is sent over HTTP/2 with TLS", async () => {
    const app = await createApp({ http2: true, https: TLS_SERVER });
    await app.register(securityHeaders);
    app.get("/", async () => "ok");
    const session = connect(await listen(app), TLS_CLIENT);
    onTestFinished(() => session.destroy());
    const stream = session.request({ ":path": "/" });
    const [headers] = await once(stream, "response");
    expect(headers[HSTS]).toBe("max-age=63072000; includeSubDomains");
    stream.close();
  });

  it("is never sent over plain HTTP, whatever a client says of itself", async () => {
    const app = await plainApp();
    const headers = {
      "x-forwarded-proto": "https",
      forwarded: "proto=https",
      origin: "https://a.b",
    };
    expect((await app.inject({ url: "/", headers })).headers).not.toHaveProperty(HSTS);
  });

  it("is sent behind a proxy that Fastify trusts and that speaks TLS, and behind no other", async () => {
    const app = await plainApp({}, "10.0.0.0/8");
    const headers = { "x-forwarded-proto": "https" };
    const from = async (remoteAddress: string, proto = headers) =>
      (await app.inject({ url: "/", remoteAddress, headers: proto })).headers;
    expect(await from("10.0.0.1")).toHaveProperty(HSTS);
    expect(await from("192.0.2.1")).not.toHaveProperty(HSTS);
    expect(await from("10.0.0.1", { "x-forwarded-proto": "http" })).not.toHaveProperty(HSTS);
    // The proxy nearest to us speaks last.
    const both = { "x-forwarded-proto": "https, http" };
    expect(await from("10.0.0.1", both)).not.toHaveProperty(HSTS);
  });

  it.each<[SecurityHeadersOptions, string | undefined]>([
    [{ strictTransportSecurity: { maxAgeSeconds: 0 } }, "max-age=0; includeSubDomains"],
    [{ strictTransportSecurity: { includeSubDomains: false } }, "max-age=63072000"],
    [
      { strictTransportSecurity: { preload: true } },
      "max-age=63072000; includeSubDomains; preload",
    ],
    [{ strictTransportSecurity: false }, undefined],
  ])("can be set: %j", async (options, value) => {
    const app = await plainApp(options, true);
    const { headers } = await app.inject({ url: "/", headers: { "x-forwarded-proto": "https" } });
    expect(headers[HSTS]).toBe(value);
  });
});
