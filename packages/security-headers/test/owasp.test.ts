import { createApp } from "@enfilade/line-testing";
import type { FastifyInstance } from "fastify";
import { describe, expect, it } from "vitest";
import { FINGERPRINTS, type SecurityHeadersOptions, securityHeaders } from "../src/index.ts";
import { parsePolicy } from "./policies.ts";

/*
 * The lists of the OWASP Secure Headers Project, https://owasp.org/www-project-secure-headers: ci/headers_add.json
 * and ci/headers_remove.json of 2026-07-19, which were the newest in August 2026.
 */

const ADD: Readonly<Record<string, string>> = {
  "Cache-Control": "no-store, max-age=0",
  "Clear-Site-Data": '"cache","cookies","storage"',
  "Content-Security-Policy":
    "default-src 'self'; form-action 'self'; base-uri 'self'; object-src 'none'; frame-ancestors 'none'; upgrade-insecure-requests",
  "Cross-Origin-Embedder-Policy": "require-corp",
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Resource-Policy": "same-origin",
  "Permissions-Policy":
    "accelerometer=(), autoplay=(), camera=(), cross-origin-isolated=(), display-capture=(), encrypted-media=(), fullscreen=(), geolocation=(), gyroscope=(), keyboard-map=(), magnetometer=(), microphone=(), midi=(), payment=(), picture-in-picture=(), publickey-credentials-get=(), screen-wake-lock=(), sync-xhr=(self), usb=(), web-share=(), xr-spatial-tracking=(), clipboard-read=(), clipboard-write=(), gamepad=(), hid=(), idle-detection=(), interest-cohort=(), serial=(), unload=()",
  "Referrer-Policy": "no-referrer",
  "Strict-Transport-Security": "max-age=63072000; includeSubDomains",
  "X-Content-Type-Options": "nosniff",
  "X-DNS-Prefetch-Control": "off",
  "X-Frame-Options": "deny",
  "X-Permitted-Cross-Domain-Policies": "none",
};
const REMOVE =
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

/** Where we say it otherwise: a list in which spaces and case count for nothing, and `no-store` alone, which leaves nothing to age. */
const plain = (value: unknown) =>
  String(value).toLowerCase().replaceAll(/\s/g, "").replace("no-store,max-age=0", "no-store");

async function logout(options: SecurityHeadersOptions): Promise<Record<string, unknown>> {
  const app = await createApp({ trustProxy: "127.0.0.1" });
  await app.register(securityHeaders, options);
  const config = {
    securityHeaders: { clearSiteData: ["cache", "cookies", "storage"] },
  } as const;
  app.get("/", { config }, async () => "bye");
  const headers = { "x-forwarded-proto": "https", cookie: "session=1" };
  return (await app.inject({ url: "/", headers })).headers;
}

describe("of OWASP's list of headers to add", () => {
  it.each(Object.entries(ADD).filter(([name]) => name !== "Content-Security-Policy"))(
    "%s is on an authenticated answer of a page over TLS, with that value",
    async (name, value) => {
      const headers = await logout({ profile: "page" });
      expect(plain(headers[name.toLowerCase()])).toBe(plain(value));
    },
  );

  it("all are on that of an API, with that value, but for a shorter list of features", async () => {
    const headers = await logout({});
    for (const [name, value] of Object.entries(ADD)) {
      if (name === "Content-Security-Policy") continue;
      if (name === "Permissions-Policy") {
        const features = String(headers["permissions-policy"]).split(", ");
        expect(features.length).toBeGreaterThan(0);
        for (const feature of features) expect(value.split(", ")).toContain(feature);
      } else expect(plain(headers[name.toLowerCase()]), name).toBe(plain(value));
    }
  });

  it.each(["api", "page"] as const)(
    "the policy of the profile %s allows nothing that OWASP's does not",
    async (profile) => {
      const own = parsePolicy(String((await logout({ profile }))["content-security-policy"]));
      for (const [directive, allowed] of parsePolicy(ADD["Content-Security-Policy"] ?? "")) {
        // Data loads nothing that could be upgraded.
        if (directive === "upgrade-insecure-requests" && profile === "api") continue;
        const fallsBack = directive.endsWith("-src");
        const sources = own.get(directive) ?? (fallsBack ? own.get("default-src") : undefined);
        expect(sources, directive).toBeDefined();
        expect([...allowed, "'none'"], directive).toEqual(expect.arrayContaining(sources ?? []));
      }
    },
  );
});

type Leak = (app: FastifyInstance, headers: Record<string, string>) => void;

/** Everybody who may set a header, in every way that Fastify and Node have for it. */
const LEAKS: Readonly<Record<string, Leak>> = {
  "a handler": (app, headers) =>
    app.get("/leak", (_request, reply) => reply.headers(headers).send({})),
  "a handler on the connection": (app, headers) =>
    app.get("/leak", (_request, reply) => {
      for (const [name, value] of Object.entries(headers)) reply.raw.setHeader(name, value);
      return reply.send({});
    }),
  "a handler that adds to what is there": (app, headers) =>
    app.get("/leak", (_request, reply) => {
      for (const name of Object.keys(headers)) reply.raw.appendHeader(name, "leak");
      return reply.send({});
    }),
  "a handler with a map": (app, headers) =>
    app.get("/leak", (_request, reply) => {
      // Headers takes no name with a dollar sign in lower case only; a Map takes all.
      reply.raw.setHeaders(new Map(Object.entries(headers)));
      return reply.send({});
    }),
  "a hijacked reply": (app, headers) =>
    app.get("/leak", (_request, reply) => {
      reply.hijack();
      for (const [name, value] of Object.entries(headers)) reply.raw.setHeader(name, value);
      reply.raw.end();
    }),
  "a head that is written by hand": (app, headers) =>
    app.get("/leak", (_request, reply) => {
      reply.hijack();
      reply.raw.writeHead(200, headers).end();
    }),
  "a head that is written as a flat list": (app, headers) =>
    app.get("/leak", (_request, reply) => {
      reply.hijack();
      reply.raw.writeHead(200, Object.entries(headers).flat()).end();
    }),
  "a head that is written with a phrase": (app, headers) =>
    app.get("/leak", (_request, reply) => {
      reply.hijack();
      reply.raw.writeHead(200, "Fine", headers).end();
    }),
  "a plugin in onSend": (app, headers) => {
    app.addHook("onSend", async (_request, reply) => void reply.headers(headers));
    app.get("/leak", async () => ({}));
  },
  "a plugin in onRequest": (app, headers) => {
    app.addHook("onRequest", async (_request, reply) => void reply.headers(headers));
    app.get("/leak", async () => ({}));
  },
  "a plugin, on what is not found": (app, headers) => {
    app.addHook("onRequest", async (_request, reply) => void reply.headers(headers));
  },
  "a refusal": (app, headers) => {
    app.addHook("onRequest", async (_request, reply) => reply.code(401).headers(headers).send({}));
    app.get("/leak", async () => ({}));
  },
  "an error": (app, headers) =>
    app.get("/leak", async () => {
      throw Object.assign(new Error("upstream"), { headers, statusCode: 502 });
    }),
  "an error handler": (app, headers) => {
    app.setErrorHandler((_error, _request, reply) => reply.headers(headers).send({}));
    app.get("/leak", async () => {
      throw new Error("boom");
    });
  },
  "an upstream whose answer is handed on": (app, headers) => {
    const { $wsep: _, ...valid } = headers;
    app.get("/leak", async () => new Response("upstream", { headers: valid }));
  },
  "an upstream whose answer is streamed on": (app, headers) =>
    app.get("/leak", (_request, reply) =>
      reply.headers(headers).send(new Blob(["upstream"]).stream()),
    ),
};

describe("of OWASP's list of headers to remove, none is left that was set by", () => {
  const headers = Object.fromEntries(REMOVE.map((name) => [name, "leak"]));

  describe.each(["api", "page"] as const)("(profile %s)", (profile) => {
    it.each(Object.entries(LEAKS))("%s", async (_who, leak) => {
      const app = await createApp();
      await app.register(securityHeaders, { profile });
      leak(app, headers);

      const response = await app.inject("/leak");

      expect(Object.values(response.headers).flat()).not.toContain("leak");
      expect(response.headers["x-content-type-options"]).toBe("nosniff");
    });
  });

  it("anybody, which the test would see: without the layer all are there", async () => {
    for (const leak of Object.values(LEAKS)) {
      const app = await createApp();
      leak(app, headers);

      const leaked = Object.values((await app.inject("/leak")).headers).flat();

      expect(leaked.filter((value) => value === "leak").length).toBeGreaterThan(80);
    }
  });

  it("somebody of another name: FINGERPRINTS is that list", () => {
    expect([...FINGERPRINTS].sort()).toEqual(REMOVE.map((name) => name.toLowerCase()).sort());
  });
});
