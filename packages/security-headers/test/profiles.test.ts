import Fastify, { type FastifyInstance } from "fastify";
import { describe, expect, it, onTestFinished } from "vitest";
import {
  createHeaders,
  FINGERPRINTS,
  type SecurityHeadersOptions,
  securityHeaders,
} from "../src/index.ts";
import { observatoryScore } from "./observatory.ts";

async function appWith(options: SecurityHeadersOptions = {}): Promise<FastifyInstance> {
  const app = Fastify({ trustProxy: true });
  onTestFinished(() => app.close());
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
  "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
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

/** https://owasp.org/www-project-secure-headers: headers_add.json and headers_remove.json of 2026-07-19. */
const OWASP_ADD = [
  "Cache-Control",
  "Clear-Site-Data",
  "Content-Security-Policy",
  "Cross-Origin-Embedder-Policy",
  "Cross-Origin-Opener-Policy",
  "Cross-Origin-Resource-Policy",
  "Permissions-Policy",
  "Referrer-Policy",
  "Strict-Transport-Security",
  "X-Content-Type-Options",
  "X-DNS-Prefetch-Control",
  "X-Frame-Options",
  "X-Permitted-Cross-Domain-Policies",
];
const OWASP_REMOVE =
  `$wsep Host-Header K-Proxy-Request Liferay-Portal OracleCommerceCloud-Version Pega-Host Powered-By Product Server SourceMap
  X-AspNet-Version X-AspNetMvc-Version X-Atmosphere-error X-Atmosphere-first-request X-Atmosphere-tracking-id X-B3-ParentSpanId
  X-B3-Sampled X-B3-SpanId X-B3-TraceId X-BEServer X-Backside-Transport X-CF-Powered-By X-CMS X-CalculatedBETarget X-Cocoon-Version
  X-Content-Encoded-By X-Datadog-Origin X-Datadog-Parent-Id X-Datadog-Sampling-Priority X-Datadog-Tags X-Datadog-Trace-Id X-DiagInfo
  X-Envoy-Attempt-Count X-Envoy-External-Address X-Envoy-Internal X-Envoy-Original-Dst-Host X-Envoy-Upstream-Service-Time X-FEServer
  X-Framework X-Generated-By X-Generator X-Gitlab-Meta X-Jitsi-Release X-Joomla-Version X-Kong-Admin-Latency X-Kong-Client-Latency
  X-Kong-Proxy-Latency X-Kong-Request-Id X-Kong-Response-Latency X-Kong-Third-Party-Latency X-Kong-Total-Latency
  X-Kong-Upstream-Latency X-Kong-Upstream-Status X-Kubernetes-PF-FlowSchema-UI X-Kubernetes-PF-PriorityLevel-UID X-LiteSpeed-Cache
  X-LiteSpeed-Purge X-LiteSpeed-Tag X-LiteSpeed-Vary X-Litespeed-Cache-Control X-Mod-Pagespeed X-Nextjs-Cache X-Nextjs-Matched-Path
  X-Nextjs-Page X-Nextjs-Redirect X-OWA-Version X-Old-Content-Length X-OneAgent-JS-Injection X-Page-Speed X-Php-Version X-Powered-By
  X-Powered-By-Plesk X-Powered-CMS X-Redirect-By X-Server-Powered-By X-SourceFiles X-SourceMap X-Turbo-Charged-By X-Tyk-Trace-Id
  X-Umbraco-Version X-Varnish-Backend X-Varnish-Server X-Woodpecker-Version X-dtAgentId X-dtHealthCheck X-dtInjectedServlet
  X-ruxit-JS-Agent`.split(/\s+/);

describe("OWASP's lists", () => {
  it.each(["api", "page"] as const)(
    "every header to add is on an authenticated answer over TLS of the profile %s (Clear-Site-Data: where one logs out)",
    async (profile) => {
      const app = await appWith({ profile });
      const headers = await headersOf(app, "/logout", { ...TLS, cookie: "session=1" });
      for (const name of OWASP_ADD) expect(headers).toHaveProperty(name.toLowerCase());
    },
  );

  it("every header to remove is removed, whoever has set it", async () => {
    const app = await appWith();
    app.get("/reply", (_request, reply) => {
      for (const name of OWASP_REMOVE) reply.header(name, "leak");
      return reply.send({});
    });
    app.get("/raw", (_request, reply) => {
      reply.hijack();
      for (const name of OWASP_REMOVE) reply.raw.setHeader(name, "leak");
      reply.raw.end();
    });
    app.get("/write-head", (_request, reply) => {
      reply.hijack();
      reply.raw
        .writeHead(200, Object.fromEntries(OWASP_REMOVE.map((name) => [name, "leak"])))
        .end();
    });
    app.get("/mixed", (_request, reply) => {
      for (const name of OWASP_REMOVE) reply.raw.setHeader(name, "leak");
      return reply.send({});
    });
    for (const url of ["/reply", "/raw", "/write-head", "/mixed"]) {
      const headers = await headersOf(app, url);
      expect(Object.values(headers)).not.toContain("leak");
      expect(headers).toMatchObject(API);
    }
  });

  it("is what FINGERPRINTS names", () => {
    expect([...FINGERPRINTS].sort()).toEqual(OWASP_REMOVE.map((name) => name.toLowerCase()).sort());
  });
});

describe("by the published rules of Mozilla's Observatory", () => {
  it.each([
    ["the API profile", {}, "/"],
    ["the page profile", { profile: "page" }, "/"],
    ["a page with nonces", { profile: "page" }, "/page"],
  ] as const)("%s scores an A+, and every point there is", async (_what, options, url) => {
    const headers = await headersOf(await appWith(options), url, TLS);
    expect(observatoryScore(headers)).toMatchObject({ grade: "A+", score: 150 });
  });

  it("bare Fastify fails, which shows that the score looks", () => {
    expect(observatoryScore({})).toMatchObject({ grade: "D", score: 30 });
  });
});

it("gives the same headers to responses that no hook sees", async () => {
  expect(createHeaders({}, false)).toEqual(API);
  expect(createHeaders({}, true)).toEqual({ ...API, ...HSTS });
  const headers = createHeaders({ profile: "page" }, true);
  headers["x-frame-options"] = "changed";
  expect(createHeaders({ profile: "page" }, true)["x-frame-options"]).toBe("DENY");
});
