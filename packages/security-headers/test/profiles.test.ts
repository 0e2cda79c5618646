import { createApp } from "@enfilade/line-testing";
import type { FastifyInstance } from "fastify";
import { describe, expect, it } from "vitest";
import { createHeaders, type SecurityHeadersOptions, securityHeaders } from "../src/index.ts";

async function appWith(options: SecurityHeadersOptions = {}): Promise<FastifyInstance> {
  const app = await createApp({ trustProxy: true });
  await app.register(securityHeaders, options);
  app.get("/", async () => ({ ok: true }));
  app.get("/page", (_request, reply) =>
    reply.type("text/html").send(`<script nonce="${reply.cspNonce.script}">1</script>`),
  );
  app.get(
    "/logout",
    { config: { securityHeaders: { clearSiteData: ["cache", "cookies", "storage"] } } },
    async () => "bye",
  );
  return app;
}

const TLS = { "x-forwarded-proto": "https" };
/** What Fastify and Node send by themselves. */
const OWN = ["connection", "content-length", "content-type", "date"];

async function headersOf(app: FastifyInstance, url: string, headers = {}) {
  const response = await app.inject({ url, headers });
  return Object.fromEntries(
    Object.entries(response.headers).filter(([name]) => !OWN.includes(name)),
  );
}

const API = {
  "content-security-policy":
    "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  "cross-origin-embedder-policy": "require-corp",
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
  "permissions-policy":
    "camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()",
  "referrer-policy": "no-referrer",
  "x-content-type-options": "nosniff",
  "x-dns-prefetch-control": "off",
  "x-frame-options": "DENY",
  "x-permitted-cross-domain-policies": "none",
  "x-xss-protection": "0",
};
const HSTS = { "strict-transport-security": "max-age=63072000; includeSubDomains" };

describe("the API profile", () => {
  it("is the default, and sends exactly this over plain HTTP", async () => {
    expect(await headersOf(await appWith(), "/")).toEqual(API);
  });

  it("adds HSTS over TLS", async () => {
    expect(await headersOf(await appWith(), "/", TLS)).toEqual({ ...API, ...HSTS });
  });

  it("adds no-store for a request with credentials", async () => {
    const headers = await headersOf(await appWith(), "/", { authorization: "Bearer x" });
    expect(headers).toEqual({ ...API, "cache-control": "no-store" });
  });
});

describe("the page profile", () => {
  const PAGE = {
    ...API,
    "content-security-policy":
      "default-src 'none'; base-uri 'none'; connect-src 'self'; font-src 'self'; form-action 'self'; frame-ancestors 'none'; " +
      "img-src 'self' data:; manifest-src 'self'; media-src 'self'; object-src 'none'; script-src 'self'; style-src 'self'; worker-src 'self'",
    "origin-agent-cluster": "?1",
    "permissions-policy":
      "accelerometer=(), autoplay=(), camera=(), cross-origin-isolated=(), display-capture=(), encrypted-media=(), fullscreen=(), geolocation=(), gyroscope=(), keyboard-map=(), magnetometer=(), microphone=(), midi=(), payment=(), picture-in-picture=(), publickey-credentials-get=(), screen-wake-lock=(), sync-xhr=(self), usb=(), web-share=(), xr-spatial-tracking=(), clipboard-read=(), clipboard-write=(), gamepad=(), hid=(), idle-detection=(), interest-cohort=(), serial=(), unload=()",
  };

  it("sends exactly this over plain HTTP", async () => {
    expect(await headersOf(await appWith({ profile: "page" }), "/")).toEqual(PAGE);
  });

  it("adds HSTS and upgrade-insecure-requests over TLS", async () => {
    expect(await headersOf(await appWith({ profile: "page" }), "/", TLS)).toEqual({
      ...PAGE,
      ...HSTS,
      "content-security-policy": `${PAGE["content-security-policy"]}; upgrade-insecure-requests`,
    });
  });
});

it("gives the same headers to responses that no hook sees", async () => {
  expect(createHeaders({}, false)).toEqual(API);
  expect(createHeaders({}, true)).toEqual({ ...API, ...HSTS });
  const headers = createHeaders({ profile: "page" }, true);
  headers["x-frame-options"] = "changed";
  expect(createHeaders({ profile: "page" }, true)["x-frame-options"]).toBe("DENY");
});
