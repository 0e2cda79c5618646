import { memoryStore, type Store, strictWindow } from "@enfilade/limiter";
import { createApp, WAYS } from "@enfilade/line-testing";
import { createClock, createLogLines } from "@enfilade/testing";
import { describe, expect, it } from "vitest";
import { rateLimit } from "../src/index.ts";
import { limitedApp, statuses, times, withErrors } from "./apps.ts";

const QUOTA_EXCEEDED = "https://iana.org/assignments/http-problem-types#quota-exceeded";

/** A store that is away. */
function brokenStore(): Store {
  const fail = () => Promise.reject(new Error("connect ECONNREFUSED 10.0.0.5:6379"));
  return {
    partitioned: true,
    decide: fail,
    adjust: fail,
    renew: fail,
    release: fail,
    forget: fail,
  };
}

describe.each(WAYS)("%s, a refusal", (way) => {
  it.each([
    ["by itself", false],
    ["through the errors layer", true],
  ])("is problem details that say which policies are violated, %s", async (_, shaped) => {
    const clock = createClock();
    const app = await createApp({ way, genReqId: () => "id-1" });
    if (shaped) await withErrors(app);
    await app.register(rateLimit, {
      max: 1,
      timeWindow: 12_000,
      store: memoryStore({ now: clock.now }),
    });
    app.get("/", async () => "ok");
    await app.inject("/");
    const refused = await app.inject("/");

    expect(refused.statusCode).toBe(429);
    expect(refused.headers["content-type"]).toBe("application/problem+json; charset=utf-8");
    expect(refused.headers["cache-control"]).toBe("no-store");
    expect(refused.json()).toEqual({
      type: QUOTA_EXCEEDED,
      title: "Too Many Requests",
      status: 429,
      detail: expect.stringMatching(/^Too many requests; try again in 1[23] seconds\.$/),
      code: "RATE_LIMIT_EXCEEDED",
      requestId: "id-1",
      "violated-policies": ["address"],
    });
    expect(Number(refused.headers["content-length"])).toBe(Buffer.byteLength(refused.body));
    const head = await app.inject({ method: "HEAD", url: "/" });
    expect(head.statusCode).toBe(429);
    expect(head.body).toBe("");
    expect(head.headers["content-length"]).toBe(refused.headers["content-length"]);
  });

  it("has the dialect of its path", async () => {
    const { app } = await limitedApp({ max: 1 }, { way });
    await withErrors(app);
    await app.inject("/");
    const openai = (await app.inject("/v1/models")).json();
    expect(openai.error).toMatchObject({ type: "rate_limit_error", code: "rate_limit_exceeded" });
    expect((await app.inject("/detail/x")).json().detail).toEqual(expect.any(String));
    const rpc = (await app.inject({ method: "POST", url: "/mcp", payload: { id: 7 } })).json();
    expect(rpc).toMatchObject({ jsonrpc: "2.0", error: { data: { code: "RATE_LIMIT_EXCEEDED" } } });
  });

  it("goes to an error handler of the application's own, with all that it needs", async () => {
    const { app } = await limitedApp({ max: 1 }, { way });
    app.setErrorHandler((error: Error & { code?: string; problem?: object }, _request, reply) =>
      reply.code(418).send({ own: error.code, problem: error.problem }),
    );
    app.get("/handled", async () => "ok");
    await app.inject("/handled");
    const refused = await app.inject("/handled");
    expect(refused.statusCode).toBe(418);
    expect(refused.json()).toEqual({
      own: "RATE_LIMIT_EXCEEDED",
      problem: { type: QUOTA_EXCEEDED, "violated-policies": ["address"] },
    });
    expect(refused.headers).toHaveProperty("retry-after");
  });

  it("tells when to come again, exactly, in seconds rounded up and in milliseconds", async () => {
    const { app, clock } = await limitedApp({ max: 60, burst: 1 }, { way });
    await app.inject("/");
    clock.advance(250);
    const refused = await app.inject("/");
    expect(refused.headers).toMatchObject({ "retry-after": "1", "retry-after-ms": "750" });
    expect(refused.headers).not.toHaveProperty("x-should-retry");
    clock.advance(749);
    expect((await app.inject("/")).statusCode).toBe(429);
    clock.advance(1);
    expect((await app.inject("/")).statusCode).toBe(200);
  });

  it("stops clients that would sleep for more than a minute", async () => {
    const { app } = await limitedApp({ max: 1, timeWindow: "1 hour", burst: 1 }, { way });
    await app.inject("/");
    const refused = await app.inject("/");
    expect(refused.headers).toMatchObject({
      "retry-after": "3600",
      "retry-after-ms": "3600000",
      "x-should-retry": "false",
    });
    expect(refused.json().detail).toBe("Too many requests; try again in 60 minutes.");
  });

  it("of what can never fit is a 413 without a time to come again, and charges nothing", async () => {
    const cost = ({ headers }: { headers: Record<string, unknown> }) => Number(headers["x-cost"]);
    const { app } = await limitedApp({ max: 10, cost }, { way });
    const costing = (amount: number) => ({ url: "/", headers: { "x-cost": String(amount) } });
    const refused = await app.inject(costing(11));
    expect(refused.statusCode).toBe(413);
    expect(refused.json()).toMatchObject({
      code: "RATE_LIMIT_COST_TOO_LARGE",
      "violated-policies": ["address"],
    });
    expect(refused.headers["x-should-retry"]).toBe("false");
    expect(refused.headers).not.toHaveProperty("retry-after");
    expect(refused.headers).not.toHaveProperty("retry-after-ms");
    expect((await app.inject(costing(10))).statusCode).toBe(200);
  });

  it("says it in the older dialects where it is asked to", async () => {
    const headers = ["standard", "legacy", "openai"] as const;
    const { app } = await limitedApp({ max: 60, burst: 2, headers }, { way });
    expect((await app.inject("/")).headers).toMatchObject({
      ratelimit: '"address";r=1;t=1',
      "x-ratelimit-limit": "2",
      "x-ratelimit-remaining": "1",
      "x-ratelimit-reset": "1",
      "x-ratelimit-limit-requests": "2",
      "x-ratelimit-remaining-requests": "1",
      "x-ratelimit-reset-requests": "1s",
    });
    const quiet = await limitedApp({ max: 1, headers: [] }, { way });
    await quiet.app.inject("/");
    const refused = await quiet.app.inject("/");
    expect(refused.headers).toHaveProperty("retry-after");
    expect(Object.keys(refused.headers).filter((name) => name.includes("ratelimit"))).toEqual([]);
  });

  it("names no caller", async () => {
    const { app } = await limitedApp({ by: () => "ann@example.com", max: 1 }, { way });
    await app.inject("/");
    const refused = await app.inject("/");
    expect(JSON.stringify([refused.headers, refused.body])).not.toContain("ann");
  });

  it.each([
    ["an empty string", ""],
    ["nothing", undefined],
    ["a number", 7],
  ])("is no answer to a key that is %s: the request fails", async (_, key) => {
    const { app } = await limitedApp({ by: () => key as string }, { way });
    expect((await app.inject("/")).statusCode).toBe(500);
  });

  it.each([
    ["max", { max: () => 0 }],
    ["max", { max: async () => Number.NaN }],
    ["cost", { cost: () => -1 }],
    ["cost", { cost: async () => 1.5 }],
    ["cost", { cost: () => 2 ** 52 }],
  ])("is no answer to a %s that is none: the request fails", async (_, options) => {
    const { app } = await limitedApp(options, { way });
    const failed = await app.inject("/");
    expect(failed.statusCode).toBe(500);
    expect(failed.json().code).toBe("RATE_LIMIT_INVALID_ANSWER");
  });
});

describe.each(WAYS)("%s, while the store is away, a limit", (way) => {
  it("goes on in this process at its share, and says so in the log, once in a while", async () => {
    const lines = createLogLines();
    const { app } = await limitedApp(
      { max: 4, liveNodes: 2, store: brokenStore() },
      { way, logger: { stream: lines.stream, level: "warn" } },
    );
    expect(await statuses(app, times(4, "/"))).toEqual([200, 200, 429, 429]);
    const warnings = lines.items.filter(({ layer }) => layer === "rate-limit");
    expect(warnings).toHaveLength(1);
  });

  it("that is open lets in", async () => {
    const { app } = await limitedApp(
      { max: 1, onStoreError: "open", store: brokenStore() },
      { way },
    );
    expect(await statuses(app, times(3, "/"))).toEqual([200, 200, 200]);
  });

  it.each([
    ["by itself", false],
    ["through the errors layer", true],
  ])(
    "that is closed answers 503 with a time to come again, and names no store, %s",
    async (_, shaped) => {
      const app = await createApp({ way });
      if (shaped) await withErrors(app);
      await app.register(rateLimit, { onStoreError: "closed", store: brokenStore() });
      app.get("/", async () => "ok");
      const refused = await app.inject("/");
      expect(refused.statusCode).toBe(503);
      expect(refused.json()).toMatchObject({
        code: "RATE_LIMIT_UNAVAILABLE",
        type: "https://iana.org/assignments/http-problem-types#temporary-reduced-capacity",
        detail: "The server cannot take the request at the moment; try again in 1 second.",
      });
      expect(refused.headers["retry-after"]).toBe("1");
      expect(refused.body).not.toContain("ECONNREFUSED");
    },
  );

  it("keeps to what each policy says", async () => {
    const policies = [
      strictWindow({ name: "local", limit: 2, per: "minute" }),
      strictWindow({ name: "open", limit: 1, per: "hour", onStoreError: "open" }),
    ];
    const { app } = await limitedApp({ policies, store: brokenStore() }, { way });
    expect(await statuses(app, times(3, "/"))).toEqual([200, 200, 429]);
  });
});
