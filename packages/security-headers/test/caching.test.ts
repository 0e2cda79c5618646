import { defineLayer } from "@enfilade/layer";
import { createApp } from "@enfilade/line-testing";
import type { FastifyReply } from "fastify";
import { describe, expect, it } from "vitest";
import { type SecurityHeadersOptions, securityHeaders } from "../src/index.ts";

async function cachingApp(options: SecurityHeadersOptions = {}) {
  const app = await createApp();
  await app.register(securityHeaders, options);
  const set = (reply: FastifyReply) => reply.header("Cache-Control", "public, max-age=60");
  app.get("/", async () => "ok");
  app.get("/own", async (_request, reply) => set(reply).send("ok"));
  app.get("/hijack", (_request, reply) => {
    reply.hijack();
    reply.raw.end("raw");
  });
  app.get("/own-raw", (_request, reply) => {
    reply.hijack();
    reply.raw.writeHead(200, { "Cache-Control": "public, max-age=60" });
    reply.raw.end("raw");
  });
  app.get("/own-mixed", (_request, reply) => {
    reply.raw.setHeader("Cache-Control", "public, max-age=60");
    return reply.send("ok");
  });
  app.get("/throws", async () => {
    throw new Error("boom");
  });
  app.get("/login", (_request, reply) => reply.header("set-cookie", "session=1").send("ok"));
  return app;
}

describe("an answer to somebody in particular is not stored", () => {
  it.each([
    ["authorization", "Bearer x"],
    ["cookie", "session=1"],
    ["x-api-key", "key"],
  ])("when the request carries %s, on every kind of response", async (name, value) => {
    const app = await cachingApp();
    for (const url of ["/", "/hijack", "/throws", "/nowhere"]) {
      const { headers } = await app.inject({ url, headers: { [name]: value } });
      expect(headers["cache-control"]).toBe("no-store");
    }
  });

  it("when a layer further in has found out who asks", async () => {
    const app = await cachingApp();
    const signed = defineLayer({
      name: "signed-url",
      place: "authenticate",
      setup: (instance) => {
        instance.decorateRequest("principal", null);
        return {
          onRequest(request) {
            if (request.url.includes("signature="))
              Object.assign(request, { principal: { kind: "user", id: "u1" } });
          },
        };
      },
    });
    await app.register(signed);
    app.get("/signed", async () => "ok");
    expect((await app.inject("/signed?signature=1")).headers["cache-control"]).toBe("no-store");
    expect((await app.inject("/signed")).headers).not.toHaveProperty("cache-control");
  });

  it("when the answer hands out a cookie", async () => {
    const { headers } = await (await cachingApp()).inject("/login");
    expect(headers["cache-control"]).toBe("no-store");
  });
});

it.each(["/own", "/own-raw", "/own-mixed"])(
  "leaves alone what the handler of %s says about caching",
  async (url) => {
    const app = await cachingApp();
    const { headers } = await app.inject({ url, headers: { authorization: "Bearer x" } });
    expect(headers["cache-control"]).toBe("public, max-age=60");
  },
);

it("says nothing about caching of an answer that everybody gets", async () => {
  const app = await cachingApp();
  for (const url of ["/", "/hijack", "/nowhere"]) {
    expect((await app.inject(url)).headers).not.toHaveProperty("cache-control");
  }
});

it("takes other headers for credentials, another value, or nothing at all", async () => {
  const own = await cachingApp({
    credentialHeaders: ["X-Token"],
    cacheControl: "private, no-cache",
  });
  const token = await own.inject({ url: "/", headers: { "x-token": "1" } });
  expect(token.headers["cache-control"]).toBe("private, no-cache");
  const bearer = await own.inject({ url: "/", headers: { authorization: "Bearer x" } });
  expect(bearer.headers).not.toHaveProperty("cache-control");

  const off = await cachingApp({ cacheControl: false });
  const silent = await off.inject({ url: "/", headers: { authorization: "Bearer x" } });
  expect(silent.headers).not.toHaveProperty("cache-control");
});
