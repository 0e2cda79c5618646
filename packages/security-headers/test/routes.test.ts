import { createApp } from "@enfilade/line-testing";
import { describe, expect, it } from "vitest";
import {
  createHeaders,
  type RouteSecurityHeaders,
  type SecurityHeadersOptions,
  securityHeaders,
} from "../src/index.ts";

async function headersOf(route: RouteSecurityHeaders, options: SecurityHeadersOptions = {}) {
  const app = await createApp();
  await app.register(securityHeaders, options);
  app.get("/", { config: { securityHeaders: route } }, (_request, reply) =>
    reply.header("x-powered-by", "leak").send("ok"),
  );
  app.get("/other", async () => "ok");
  const other = (await app.inject("/other")).headers;
  expect(other).toMatchObject(createHeaders(options, false));
  return (await app.inject({ url: "/", headers: { authorization: "Bearer x" } })).headers;
}

describe("a route of its own", () => {
  it("changes one header, and keeps the others", async () => {
    const headers = await headersOf({ crossOriginResourcePolicy: "cross-origin" });
    expect(headers).toMatchObject({
      ...createHeaders({}, false),
      "cross-origin-resource-policy": "cross-origin",
    });
  });

  it("leaves one header out", async () => {
    const headers = await headersOf({ xFrameOptions: false, cacheControl: false });
    expect(headers).not.toHaveProperty("x-frame-options");
    expect(headers).not.toHaveProperty("cache-control");
    expect(headers["x-content-type-options"]).toBe("nosniff");
  });

  it("has another profile", async () => {
    expect(await headersOf({ profile: "page" })).toMatchObject(
      createHeaders({ profile: "page" }, false),
    );
  });

  it("wants none at all, and is left alone", async () => {
    const headers = await headersOf(false);
    for (const name of Object.keys(createHeaders({}, false)))
      expect(headers).not.toHaveProperty(name);
    expect(headers).not.toHaveProperty("cache-control");
    expect(headers["x-powered-by"]).toBe("leak");
  });

  it("keeps a header that the list of fingerprints has", async () => {
    expect((await headersOf({ strip: false }))["x-powered-by"]).toBe("leak");
    expect((await headersOf({ strip: ["x-other"] }))["x-powered-by"]).toBe("leak");
  });

  it("is laid over the registration, which is laid over the profile, directive by directive", async () => {
    const headers = await headersOf(
      { contentSecurityPolicy: { imgSrc: ["'self'"], frameAncestors: false } },
      {
        contentSecurityPolicy: { connectSrc: ["'self'"], imgSrc: ["data:"] },
        xFrameOptions: "SAMEORIGIN",
      },
    );
    expect(headers["content-security-policy"]).toBe(
      "default-src 'none'; base-uri 'none'; connect-src 'self'; form-action 'none'; img-src 'self'",
    );
    expect(headers["x-frame-options"]).toBe("SAMEORIGIN");
  });

  it("turns on again what the registration turned off, from the default", async () => {
    const headers = await headersOf(
      { contentSecurityPolicy: { imgSrc: ["'self'"] } },
      { contentSecurityPolicy: false },
    );
    expect(headers["content-security-policy"]).toBe(
      "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; img-src 'self'",
    );
  });
});

describe("a bad option of a route", () => {
  it("stops the app from booting, and names the route", async () => {
    const app = await createApp();
    await app.register(securityHeaders);
    const bad = { xFrameOptions: "ALLOWALL" } as unknown as RouteSecurityHeaders;
    expect(() => app.get("/bad", { config: { securityHeaders: bad } }, async () => "")).toThrow(
      expect.objectContaining({
        code: "SECURITY_HEADERS_INVALID_OPTION",
        message: expect.stringMatching(/GET \/bad: the option xFrameOptions is "ALLOWALL"/),
      }),
    );
  });

  it.each([true, null, "page"])("is one that is no object: %s", async (value) => {
    const bad = value as unknown as RouteSecurityHeaders;
    await expect(headersOf(bad)).rejects.toMatchObject({ code: "SECURITY_HEADERS_INVALID_OPTION" });
  });

  it("fails every request of a route that was declared before the layer, rather than go unprotected", async () => {
    const app = await createApp();
    app.register(securityHeaders);
    const bad = { xFrameOptions: "ALLOWALL" } as unknown as RouteSecurityHeaders;
    app.get("/bad", { config: { securityHeaders: bad } }, async () => "never");
    app.get("/page", { config: { securityHeaders: { profile: "page" } } }, async () => "ok");
    for (let count = 0; count < 2; count++) expect((await app.inject("/bad")).statusCode).toBe(500);
    expect((await app.inject("/page")).headers).toHaveProperty("origin-agent-cluster");
  });
});

describe("in scopes", () => {
  it("a layer of a child replaces its parent's there, headers that it leaves out included", async () => {
    const app = await createApp();
    await app.register(securityHeaders);
    await app.register(async (child) => {
      const layer = { override: true };
      await child.register(securityHeaders, { profile: "page", xFrameOptions: false, layer });
      child.get("/page", (_request, reply) => reply.send(reply.cspNonce.script));
    });
    app.get("/", async () => "ok");
    const page = await app.inject("/page");
    expect(page.headers["content-security-policy"]).toContain(`'nonce-${page.body}'`);
    expect(page.headers).not.toHaveProperty("x-frame-options");
    expect((await app.inject("/")).headers).toMatchObject(createHeaders({}, false));
  });

  it("stays inside the scope in which it was registered", async () => {
    const app = await createApp();
    await app.register(async (child) => {
      await child.register(securityHeaders);
      child.get("/inside", async () => "ok");
    });
    app.get("/outside", async () => "ok");
    expect((await app.inject("/inside")).headers).toHaveProperty("x-frame-options");
    expect((await app.inject("/outside")).headers).not.toHaveProperty("x-frame-options");
  });
});
