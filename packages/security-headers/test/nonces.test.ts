import { once } from "node:events";
import { Readable } from "node:stream";
import { createApp } from "@enfilade/line-testing";
import { listen, openExchange } from "@enfilade/testing";
import fc from "fast-check";
import type { FastifyReply } from "fastify";
import { describe, expect, it } from "vitest";
import { createNonces, type SecurityHeadersOptions, securityHeaders } from "../src/index.ts";
import { parsePolicy } from "./policies.ts";

const NONCE = /^[A-Za-z0-9_-]{22}$/;

async function pageApp(options: SecurityHeadersOptions = { profile: "page" }) {
  const app = await createApp();
  await app.register(securityHeaders, options);
  const page = (reply: FastifyReply) => JSON.stringify(reply.cspNonce);
  app.get("/page", (_request, reply) => reply.type("text/html").send(page(reply)));
  app.get("/static", (_request, reply) => reply.type("text/html").send("no inline script"));
  app.get("/streamed", (_request, reply) => reply.send(Readable.from([page(reply)])));
  app.get("/raw", (_request, reply) => {
    const body = page(reply);
    reply.hijack();
    reply.raw.end(body);
  });
  app.get("/own", (_request, reply) => {
    const body = page(reply);
    return reply.header("content-security-policy", "default-src 'self'").send(body);
  });
  app.get("/throws", async (_request, reply) => {
    throw new Error(page(reply));
  });
  app.get("/unchanged", (_request, reply) => reply.code(304).send());
  return app;
}

function scriptSources(headers: Record<string, unknown>): string[] | undefined {
  return parsePolicy(String(headers["content-security-policy"])).get("script-src");
}

describe("reply.cspNonce", () => {
  it.each(["/page", "/streamed", "/raw"])("is named by the policy of %s", async (url) => {
    const { headers, body } = await (await pageApp()).inject(url);
    const { script, style } = JSON.parse(body);
    const policy = parsePolicy(String(headers["content-security-policy"]));
    expect(policy.get("script-src")).toEqual(["'self'", `'nonce-${script}'`]);
    expect(policy.get("style-src")).toEqual(["'self'", `'nonce-${style}'`]);
  });

  it("is the same throughout a response, and another one in the next", async () => {
    const app = await pageApp();
    app.get("/twice", (_request, reply) =>
      reply.send([reply.cspNonce.script, reply.cspNonce.script, reply.cspNonce.style]),
    );
    const [first, again, style] = (await app.inject("/twice")).json();
    expect(again).toBe(first);
    expect(style).not.toBe(first);
    expect((await app.inject("/twice")).json()).not.toContain(first);
  });

  it("is made only where it is read: the policy of other pages has none", async () => {
    const app = await pageApp();
    for (const url of ["/static", "/nowhere"]) {
      expect(scriptSources((await app.inject(url)).headers)).toEqual(["'self'"]);
    }
  });

  it("keeps the page out of caches, which would hand the nonce out twice", async () => {
    const app = await pageApp();
    expect((await app.inject("/page")).headers["cache-control"]).toBe("no-store");
    expect((await app.inject("/static")).headers).not.toHaveProperty("cache-control");
  });

  it("leaves a policy alone that the handler has set", async () => {
    const { headers } = await (await pageApp()).inject("/own");
    expect(headers["content-security-policy"]).toBe("default-src 'self'");
  });

  it("stands in a policy that only reports, too", async () => {
    const app = await pageApp({
      contentSecurityPolicy: false,
      contentSecurityPolicyReportOnly: { scriptSrc: ["'nonce'"], reportTo: "csp" },
      reportingEndpoints: { csp: "/reports" },
    });
    const { headers, body } = await app.inject("/page");
    expect(headers).not.toHaveProperty("content-security-policy");
    expect(headers["content-security-policy-report-only"]).toBe(
      `script-src 'nonce-${JSON.parse(body).script}'; report-to csp`,
    );
    expect(headers["reporting-endpoints"]).toBe('csp="/reports"');
  });

  it("takes no policy along in a 304, where it would forbid the nonces of the page in the cache", async () => {
    const { headers } = await (await pageApp()).inject("/unchanged");
    expect(headers).not.toHaveProperty("content-security-policy");
    expect(headers["x-content-type-options"]).toBe("nosniff");
    const api = await (await pageApp({})).inject("/unchanged");
    expect(api.headers).toHaveProperty("content-security-policy");
  });

  it("cannot be had any more when the headers are out", async () => {
    const app = await pageApp();
    let code: unknown;
    app.get("/late", (_request, reply) => {
      reply.hijack();
      reply.raw.write("<script");
      try {
        reply.raw.end(` nonce="${reply.cspNonce.script}">`);
      } catch (error) {
        code = Reflect.get(Object(error), "code");
        reply.raw.end();
      }
    });
    await app.inject("/late");
    expect(code).toBe("SECURITY_HEADERS_NONCE_TOO_LATE");
  });
});

describe("for every nonce", () => {
  it("there are 128 bits in it, and nothing that HTML or a policy would read as its end", () => {
    const seen = new Set<string>();
    for (let count = 0; count < 5_000; count++) {
      const { script, style } = createNonces();
      for (const nonce of [script, style]) {
        expect(nonce).toMatch(NONCE);
        expect(Buffer.from(nonce, "base64url")).toHaveLength(16);
        seen.add(nonce);
      }
    }
    expect(seen.size).toBe(10_000);
  });

  it("every bit of it varies", () => {
    const ones = new Array<number>(128).fill(0);
    const rounds = 4_000;
    for (let count = 0; count < rounds; count++) {
      const bytes = Buffer.from(createNonces().script, "base64url");
      for (let bit = 0; bit < 128; bit++) {
        ones[bit] = (ones[bit] ?? 0) + (((bytes[bit >> 3] ?? 0) >> (bit & 7)) & 1);
      }
    }
    // Half of the rounds, give or take 8 standard deviations: a constant bit would be far outside.
    for (const count of ones)
      expect(Math.abs(count - rounds / 2)).toBeLessThan(8 * Math.sqrt(rounds) * 0.5);
  });

  it("nothing that a client sends gets into the policy, or chooses the nonce", async () => {
    const app = await pageApp();
    const origin = await listen(app);
    const text = fc.string({ unit: fc.constantFrom(..."abc'\";,<>-= nonce"), maxLength: 40 });
    await fc.assert(
      fc.asyncProperty(text, async (sent) => {
        const exchange = await openExchange(origin, {
          path: `/page?nonce=${encodeURIComponent(sent)}`,
          headers: {
            "x-nonce": sent,
            nonce: sent,
            "content-security-policy": `script-src ${sent}`,
            cookie: `nonce=${encodeURIComponent(sent)}`,
            connection: "close",
          },
        });
        const head = await exchange.head();
        const { script } = JSON.parse(await exchange.wholeBody());
        expect(script).toMatch(NONCE);
        expect(script).not.toBe(sent);
        expect(scriptSources(Object.fromEntries(head.headers))).toEqual([
          "'self'",
          `'nonce-${script}'`,
        ]);
        if (!exchange.socket.closed) await once(exchange.socket, "close");
      }),
      { numRuns: 40 },
    );
  });
});
