import { createApp } from "@enfilade/line-testing";
import { listen, requestTls, TLS_SERVER } from "@enfilade/testing";
import { describe, expect, it } from "vitest";
import { securityHeaders } from "../src/index.ts";
import { EVERY_KIND, variedApp } from "./kinds.ts";
import { observatoryScore } from "./observatory.ts";

const TLS = { "x-forwarded-proto": "https" };
/** All that headers can earn. HSTS earns five more on the list that browsers bring along. */
const WHOLE = { grade: "A+", score: 150 };

describe.each(["api", "page"] as const)(
  "by the rules of the Observatory, the profile %s scores an A+, and every point there is, on",
  (profile) => {
    it.each(EVERY_KIND)("%s", async (_kind, request, status) => {
      const app = await variedApp({ profile }, { https: TLS_SERVER });

      const response = await requestTls(await listen(app), request);

      expect(response.statusCode).toBe(status);
      const { modifiers, ...total } = observatoryScore(response.headers);
      // A cache that takes the policy of a 304 over would keep the page, and forbid its nonces.
      if (profile === "page" && status === 304) {
        expect(modifiers["content-security-policy"]).toBe(-25);
        expect(response.headers).not.toHaveProperty("content-security-policy");
      } else expect(total).toEqual(WHOLE);
    });
  },
);

it("a page with nonces, and one that nobody asked for any, score the same", async () => {
  const app = await createApp({ trustProxy: "127.0.0.1" });
  await app.register(securityHeaders, { profile: "page" });
  app.get("/", (_request, reply) =>
    reply.type("text/html").send(`<script nonce="${reply.cspNonce.script}">1</script>`),
  );
  app.get("/none", (_request, reply) => reply.type("text/html").send("<p>1"));

  for (const url of ["/", "/none"]) {
    const { headers } = await app.inject({ url, headers: TLS });
    expect(observatoryScore(headers)).toMatchObject(WHOLE);
  }
});

describe("the score looks: it", () => {
  it("fails bare Fastify", () => {
    expect(observatoryScore({})).toMatchObject({ grade: "D", score: 30 });
  });

  it("takes HSTS for missed over plain HTTP, where browsers would not hear it", async () => {
    const app = await variedApp();
    const { headers } = await app.inject("/plain");
    expect(observatoryScore(headers)).toMatchObject({ grade: "B+", score: 80 });
  });

  it.each([
    ["script-src 'unsafe-inline'", -20],
    ["script-src 'unsafe-inline' 'nonce-a'; object-src 'none'; style-src 'self'", 5],
    ["default-src 'none'; script-src 'strict-dynamic'", -25],
    ["default-src 'none'; script-src 'strict-dynamic' 'nonce-a' https:", 10],
    ["default-src 'none'; script-src 'unsafe-eval'", -10],
    ["default-src 'none'; connect-src http://a.example", -20],
    ["default-src 'none'; img-src http://a.example", -10],
    ["default-src 'none'; style-src 'unsafe-inline'", 0],
    ["default-src 'none'; report-uri /a; report-uri /b", 0],
    ["default-src 'none'; img-src a.example; img-src b.example", -25],
    ["default-src 'self'", 5],
    ["default-src 'none'", 10],
    ["", -25],
  ])("gives the policy %j %i points", (policy, points) => {
    const { modifiers } = observatoryScore({ "content-security-policy": policy });
    expect(modifiers["content-security-policy"]).toBe(points);
  });
});
