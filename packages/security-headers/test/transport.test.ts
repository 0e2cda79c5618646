import { once } from "node:events";
import { connect } from "node:http2";
import { request as httpsRequest } from "node:https";
import type { AddressInfo } from "node:net";
import Fastify, { type FastifyInstance } from "fastify";
import { describe, expect, it, onTestFinished } from "vitest";
import { type SecurityHeadersOptions, securityHeaders } from "../src/index.ts";

const HSTS = "strict-transport-security";

/** TLS by a key that both sides know: no certificate is needed. */
const KEY = Buffer.from("a key that both sides of a test know");
const SERVER = { pskCallback: () => KEY, ciphers: "PSK", maxVersion: "TLSv1.2" } as const;
const CLIENT = {
  pskCallback: () => ({ psk: KEY, identity: "test" }),
  ciphers: "PSK",
  maxVersion: "TLSv1.2",
  checkServerIdentity: () => undefined,
} as const;

async function plainApp(
  options: SecurityHeadersOptions = {},
  trustProxy: boolean | string = false,
) {
  const app = Fastify({ trustProxy });
  onTestFinished(() => app.close());
  await app.register(securityHeaders, options);
  app.get("/", async () => "ok");
  return app;
}

async function overTls(app: FastifyInstance, path: string) {
  await app.listen({ port: 0, host: "127.0.0.1" });
  onTestFinished(() => app.close());
  const { port } = app.server.address() as AddressInfo;
  const request = httpsRequest({ ...CLIENT, host: "127.0.0.1", port, path }).end();
  const [response] = await once(request, "response");
  response.resume();
  return response.headers;
}

describe("HSTS", () => {
  it("is sent over TLS, on every kind of response", async () => {
    for (const path of ["/", "/hijack", "/nowhere"]) {
      const app = Fastify({ https: SERVER });
      await app.register(securityHeaders);
      app.get("/", async () => "ok");
      app.get("/hijack", (_request, reply) => {
        reply.hijack();
        reply.raw.end("raw");
      });
      const headers = await overTls(app as unknown as FastifyInstance, path);
      expect(headers[HSTS]).toBe("max-age=63072000; includeSubDomains");
    }
  });

  it("is sent over HTTP/2 with TLS", async () => {
    const app = Fastify({ http2: true, https: SERVER });
    await app.register(securityHeaders);
    app.get("/", async () => "ok");
    await app.listen({ port: 0, host: "127.0.0.1" });
    onTestFinished(() => app.close());
    const { port } = app.server.address() as AddressInfo;
    const session = connect(`https://127.0.0.1:${port}`, CLIENT);
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
