import { WAYS } from "@enfilade/line-testing";
import { describe, expect, test } from "vitest";
import { quota } from "../src/index.ts";
import { ann, bob, quotaApp } from "./support/apps.ts";

const policies = {
  requests: { counts: "requests", limit: 10, per: "minute" },
  tokens: { counts: "tokens", limit: 1_000, per: "minute" },
  spend: { counts: "money", limit: 5_000_000, per: "day" },
  runs: { counts: "runs", limit: 2 },
} as const;
const estimate = () => ({ tokens: 400, money: 20_000 });

describe.each(WAYS)("%s", (way) => {
  test("a run is charged its estimate before it begins, and what it has really used when it ends", async () => {
    const { app, used } = await quotaApp(way, { policies, estimate });
    const during: unknown[] = [];
    app.post("/runs", { config: { quota: true } }, async (request) => {
      during.push(await used());
      await request.quota?.settle({ tokens: 250, money: 9_500 });
      return "done";
    });

    const response = await app.inject({ method: "POST", url: "/runs", headers: ann });

    expect(response.statusCode).toBe(200);
    expect(during).toEqual([{ requests: 1, tokens: 400, spend: 20_000, runs: 1 }]);
    expect(await used()).toEqual({ requests: 1, tokens: 250, spend: 9_500, runs: 0 });
  });

  test("what is left is told in the fields of draft-10, with units", async () => {
    const { app } = await quotaApp(way, { policies, estimate });
    app.get("/", { config: { quota: true } }, () => "done");

    const { headers } = await app.inject({ url: "/", headers: ann });

    expect(headers["ratelimit-policy"]).toBe(
      '"requests";q=10;w=60, "tokens";q=1000;w=60;qu="tokens", "spend";q=5000000;w=86400;qu="micro-usd", "runs";q=2;qu="concurrent-requests"',
    );
    expect(headers.ratelimit).toMatch(
      /^"requests";r=9;t=\d+, "tokens";r=600;t=\d+, "spend";r=4980000;t=\d+, "runs";r=1$/,
    );
  });

  test("a run that costs more than its estimate leaves a debt, which others of the caller have to wait for", async () => {
    const { app, used, clock } = await quotaApp(way, { policies, estimate });
    app.get("/", { config: { quota: true } }, async (request) => {
      await request.quota?.settle({ tokens: 1_900 });
      return "done";
    });

    expect((await app.inject({ url: "/", headers: ann })).statusCode).toBe(200);
    expect(await used()).toMatchObject({ tokens: 1_900 });
    expect((await app.inject({ url: "/", headers: ann })).statusCode).toBe(429);
    expect((await app.inject({ url: "/", headers: bob })).statusCode).toBe(200);

    clock.advance(65_000);
    expect((await app.inject({ url: "/", headers: ann })).statusCode).toBe(200);
  });

  test("a refusal is a 429 that says what is used up and when to come again", async () => {
    const { app } = await quotaApp(way, { policies, estimate });
    app.get("/", { config: { quota: true } }, () => "done");
    for (let i = 0; i < 2; i++) await app.inject({ url: "/", headers: ann });

    const refused = await app.inject({ url: "/", headers: ann });

    expect(refused.statusCode).toBe(429);
    expect(refused.headers["content-type"]).toBe("application/problem+json; charset=utf-8");
    expect(refused.json()).toEqual({
      type: "https://iana.org/assignments/http-problem-types#quota-exceeded",
      title: "Too Many Requests",
      status: 429,
      detail: "The quota is used up: tokens.",
      code: "QUOTA_EXCEEDED",
      requestId: expect.any(String),
      "violated-policies": ["tokens"],
    });
    const seconds = Number(refused.headers["retry-after"]);
    const ms = Number(refused.headers["retry-after-ms"]);
    expect(seconds).toBe(Math.ceil(ms / 1_000));
    expect(ms).toBeGreaterThan(55_000);
    expect(refused.headers.ratelimit).toMatch(/"tokens";r=200;t=\d+/);
    expect(refused.headers["ratelimit-policy"]).toContain('"tokens"');
    expect(refused.payload).not.toContain("ann");
  });

  test("a refusal of HEAD has the head of the refusal of GET", async () => {
    const { app } = await quotaApp(way, {
      policies: { requests: { counts: "requests", limit: 1, per: "day" } },
    });
    app.get("/", { config: { quota: true } }, () => "done");
    await app.inject({ url: "/", headers: ann });
    const get = await app.inject({ url: "/", headers: ann });
    const head = await app.inject({ method: "HEAD", url: "/", headers: ann });
    expect(head.statusCode).toBe(429);
    expect(get.headers["cache-control"]).toBe("no-store");
    for (const name of ["content-type", "content-length", "cache-control"]) {
      expect(head.headers[name]).toBe(get.headers[name]);
    }
  });

  test("does not boot where a scope has two quotas, of which one would hold in silence", async () => {
    const { app } = await quotaApp(way, { policies });
    const other = { policies: { other: policies.requests }, layer: { name: "quota-2" } };
    const second = Promise.resolve(app.register(quota, other)).then(() => app.ready());
    await expect(second).rejects.toMatchObject({ code: "QUOTA_INVALID_OPTION" });
  });

  test("a refusal says exactly when the same request will be admitted", async () => {
    const { app, clock } = await quotaApp(way, { policies, estimate });
    app.get("/", { config: { quota: true } }, () => "done");
    const ask = async () => await app.inject({ url: "/", headers: ann });
    await ask();
    await ask();
    const wait = Number((await ask()).headers["retry-after-ms"]);

    clock.advance(wait - 1);
    expect((await ask()).statusCode).toBe(429);
    clock.advance(1);
    expect((await ask()).statusCode).toBe(200);
  });

  test("SDKs are told not to wait for longer than a minute", async () => {
    const { app } = await quotaApp(way, {
      policies: { spend: { counts: "money", limit: 100, per: "day" } },
      estimate: () => ({ money: 60 }),
    });
    app.get("/", { config: { quota: true } }, () => "done");
    await app.inject({ url: "/", headers: ann });

    const refused = await app.inject({ url: "/", headers: ann });

    expect(refused.statusCode).toBe(429);
    expect(refused.headers["x-should-retry"]).toBe("false");
    expect(Number(refused.headers["retry-after"])).toBeGreaterThan(60);
  });

  test("an estimate that can never fit is a 413 that nobody is to try again, and costs nothing", async () => {
    const { app, used } = await quotaApp(way, { policies, estimate: () => ({ tokens: 1_001 }) });
    app.get("/", { config: { quota: true } }, () => "done");

    const refused = await app.inject({ url: "/", headers: ann });

    expect(refused.statusCode).toBe(413);
    expect(refused.json()).toMatchObject({
      code: "QUOTA_NEVER_FITS",
      detail: "This asks for more than the quota ever allows at once (tokens).",
      "violated-policies": ["tokens"],
    });
    expect(refused.headers["x-should-retry"]).toBe("false");
    expect(refused.headers).not.toHaveProperty("retry-after");
    expect(await used()).toEqual({ requests: 0, tokens: 0, spend: 0, runs: 0 });
  });

  test("routes that say nothing have no quota, and their requests none to settle", async () => {
    const { app, used } = await quotaApp(way, { policies, estimate });
    app.get("/free", (request) => ({ quota: request.quota }));

    const response = await app.inject({ url: "/free", headers: ann });

    expect(response.json()).toEqual({ quota: null });
    expect(response.headers).not.toHaveProperty("ratelimit");
    expect(await used()).toEqual({ requests: 0, tokens: 0, spend: 0, runs: 0 });
  });

  test("the option routes gives quotas to routes that say nothing, but not to those that say no", async () => {
    const { app, used } = await quotaApp(way, {
      policies,
      routes: ({ method, url }) => method === "POST" && url.endsWith("/runs"),
    });
    app.post("/agents/:id/runs", () => "run");
    app.post("/teams/runs", { config: { quota: false } }, () => "run");
    app.get("/agents/:id", () => "agent");

    for (const url of ["/agents/a/runs", "/agents/b/runs", "/teams/runs"]) {
      await app.inject({ method: "POST", url, headers: ann });
    }
    await app.inject({ url: "/agents/a", headers: ann });

    expect(await used()).toMatchObject({ requests: 2 });
  });

  test("the option routes means a HEAD route with its GET: it does the same work", async () => {
    const { app } = await quotaApp(way, {
      policies: { requests: { counts: "requests", limit: 1, per: "hour" } },
      routes: ({ method }) => method === "GET",
    });
    app.get("/report", () => "report");
    const head = { method: "HEAD", url: "/report", headers: ann } as const;
    expect((await app.inject(head)).statusCode).toBe(200);
    expect((await app.inject(head)).statusCode).toBe(429);
  });

  test("a route may have policies and an estimate of its own", async () => {
    const { app, used } = await quotaApp(way, { policies, estimate });
    const own = { policies: ["tokens", "runs"], estimate: () => ({ tokens: 7 }) };
    app.get("/", { config: { quota: own } }, () => "done");

    const { headers } = await app.inject({ url: "/", headers: ann });

    expect(headers.ratelimit).toMatch(/^"tokens";r=993;t=\d+, "runs";r=1$/);
    expect(await used()).toEqual({ requests: 0, tokens: 7, spend: 0, runs: 0 });
  });

  test("an estimate may look at the parsed body, and may take its time", async () => {
    const { app, used } = await quotaApp(way, {
      policies,
      estimate: async ({ body }) => ({ tokens: (body as { max_tokens: number }).max_tokens }),
    });
    app.post("/runs", { config: { quota: true } }, () => "done");

    await app.inject({ method: "POST", url: "/runs", headers: ann, body: { max_tokens: 321 } });

    expect(await used()).toMatchObject({ tokens: 321 });
  });

  test("a request that is not valid costs nothing", async () => {
    const { app, used } = await quotaApp(way, { policies, estimate });
    const schema = { body: { type: "object", required: ["message"] } };
    app.post("/runs", { config: { quota: true }, schema }, () => "done");

    const invalid = await app.inject({ method: "POST", url: "/runs", headers: ann, body: {} });

    expect(invalid.statusCode).toBe(400);
    expect(await used()).toMatchObject({ requests: 0, tokens: 0 });
  });

  test("a misspelt or impossible estimate is an error of the server, and no free run", async () => {
    for (const wrong of [{ token: 5 }, { tokens: 1.5 }, { tokens: -1 }, { runs: 2 }, null]) {
      const { app, used } = await quotaApp(way, { policies, estimate: () => wrong as never });
      app.get("/", { config: { quota: true } }, () => "done");

      const response = await app.inject({ url: "/", headers: ann });

      expect(response.statusCode).toBe(500);
      expect(response.json().code).toBe("QUOTA_INVALID_USAGE");
      expect(await used()).toMatchObject({ requests: 0, runs: 0 });
    }
  });

  test("a route that was declared before the layer, and a scope of its own, have quotas, too", async () => {
    const { app, used } = await quotaApp(way, { policies });
    await app.register(async (scope) => {
      scope.get("/scope", { config: { quota: true } }, () => "done");
    });
    await app.inject({ url: "/scope", headers: ann });
    expect(await used()).toMatchObject({ requests: 1 });
  });

  test("callers may be told in other dialects, or not at all", async () => {
    const { app } = await quotaApp(way, { policies, estimate, headers: ["openai", "legacy"] });
    app.get("/", { config: { quota: true } }, () => "done");
    const { headers } = await app.inject({ url: "/", headers: ann });
    expect(headers).not.toHaveProperty("ratelimit");
    expect(headers).toMatchObject({
      "x-ratelimit-limit-requests": "10",
      "x-ratelimit-remaining-tokens": "600",
      "x-ratelimit-remaining": "600",
    });

    const silent = await quotaApp(way, { policies, headers: [] });
    silent.app.get("/", { config: { quota: true } }, () => "done");
    const plain = await silent.app.inject({ url: "/", headers: ann });
    expect(Object.keys(plain.headers).filter((name) => name.includes("ratelimit"))).toEqual([]);
  });
});

describe("in a scope of its own", () => {
  test.each(WAYS)("%s, an inner registration takes the place of the outer one", async (way) => {
    const outer = await quotaApp(way, { policies });
    outer.app.get("/", { config: { quota: true } }, () => "done");
    let inner: Promise<unknown> | undefined;
    await outer.app.register(async (scope) => {
      const { quota } = await import("../src/index.ts");
      await scope.register(quota, {
        policies: { calls: { counts: "requests", limit: 5, per: "hour" } },
        ...(way === "in line" && { layer: { override: true } }),
      });
      scope.get("/inner", { config: { quota: true } }, () => "done");
      inner = scope.quota.usage({ principal: "test:ann" });
    });

    const { headers } = await outer.app.inject({ url: "/inner", headers: ann });

    expect(headers["ratelimit-policy"]).toBe('"calls";q=5;w=3600');
    expect(await inner).toMatchObject([{ policy: "calls" }]);
    expect(await outer.used()).toMatchObject({ requests: 0 });
    expect((await outer.app.inject({ url: "/", headers: ann })).headers.ratelimit).toContain(
      '"requests";r=9',
    );
  });
});
