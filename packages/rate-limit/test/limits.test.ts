import { setImmediate } from "node:timers/promises";
import { gcra, memoryStore, strictWindow } from "@enfilade/limiter";
import { createApp, WAYS } from "@enfilade/line-testing";
import { createClock } from "@enfilade/testing";
import { describe, expect, it, onTestFinished } from "vitest";
import { rateLimit } from "../src/index.ts";
import { limitedApp, statuses, times } from "./apps.ts";

describe.each(WAYS)("%s, a limit", (way) => {
  it("admits max requests in a window, and says what is left of it", async () => {
    const { app, clock } = await limitedApp({ max: 2, timeWindow: "12 seconds" }, { way });

    const first = await app.inject("/");
    expect(first.statusCode).toBe(200);
    expect(first.headers["ratelimit-policy"]).toBe('"address";q=2;w=12');
    expect(first.headers.ratelimit).toMatch(/^"address";r=1;t=1[23]$/);
    expect((await app.inject("/")).headers.ratelimit).toMatch(/^"address";r=0;/);
    const refused = await app.inject("/");
    expect(refused.statusCode).toBe(429);
    expect(refused.headers.ratelimit).toMatch(/^"address";r=0;/);
    clock.advance(Number(refused.headers["retry-after-ms"]));
    expect((await app.inject("/")).statusCode).toBe(200);
  });

  it("never has a window with more than max, wherever the window begins", async () => {
    const { app, clock } = await limitedApp({ max: 12, timeWindow: 12_000 }, { way });
    const admittedAt: number[] = [];
    for (let step = 0; step < 60; step++) {
      // Bursts just before and just after every edge that a fixed window could have.
      clock.advance(step % 5 === 0 ? 11_000 : 250);
      for (const status of await statuses(app, times(4, "/"))) {
        if (status === 200) admittedAt.push(clock.now());
      }
    }
    const worst = admittedAt.map(
      (start) => admittedAt.filter((at) => at >= start && at < start + 12_000).length,
    );
    expect(Math.max(...worst)).toBe(12);
  });

  it("with a burst never has a window with more than the burst and what flows back in it (case 37)", async () => {
    const { app, clock } = await limitedApp({ max: 6, timeWindow: 6_000, burst: 4 }, { way });
    const admittedAt: number[] = [];
    for (let step = 0; step < 60; step++) {
      clock.advance(step % 7 === 0 ? 4_000 : 150);
      for (const status of await statuses(app, times(3, "/"))) {
        if (status === 200) admittedAt.push(clock.now());
      }
    }
    const worst = admittedAt.map(
      (start) => admittedAt.filter((at) => at >= start && at < start + 6_000).length,
    );
    expect(Math.max(...worst)).toBeGreaterThan(6);
    expect(Math.max(...worst)).toBeLessThanOrEqual(4 + 6);
  });

  it("with a burst is a steady rate: one comes back at a time", async () => {
    const { app, clock } = await limitedApp({ max: 60, timeWindow: "minute", burst: 3 }, { way });

    expect(await statuses(app, times(4, "/"))).toEqual([200, 200, 200, 429]);
    const refused = await app.inject("/");
    expect(refused.headers["retry-after-ms"]).toBe("1000");
    clock.advance(999);
    expect((await app.inject("/")).statusCode).toBe(429);
    clock.advance(1);
    expect(await statuses(app, times(2, "/"))).toEqual([200, 429]);
  });

  it("without options lets 100 requests come at once, and 600 in a minute", async () => {
    const { app } = await limitedApp({}, { way });
    const all = await statuses(app, times(101, "/"));
    expect(all.filter((status) => status === 200)).toHaveLength(100);
    const { headers } = await app.inject("/");
    expect(headers["ratelimit-policy"]).toBe('"address";q=600;w=60');
    expect(headers["retry-after-ms"]).toBe("100");
  });

  it("of several policies is one decision: a refusal by one charges none of them", async () => {
    const policies = [
      gcra({ name: "second", limit: 1, per: "second", burst: 1 }),
      strictWindow({ name: "hour", limit: 3, per: "hour" }),
    ];
    const { app, clock } = await limitedApp({ policies }, { way });

    const first = await app.inject("/");
    expect(first.headers["ratelimit-policy"]).toBe('"second";q=1;w=1, "hour";q=3;w=3600');
    expect(first.headers.ratelimit).toMatch(/^"second";r=0;t=1, "hour";r=2;t=\d+$/);
    // Eight refusals of the second do not burn the hour.
    expect(await statuses(app, times(8, "/"))).toEqual(times(8, 429));
    for (const left of [1, 0]) {
      clock.advance(1_000);
      expect((await app.inject("/")).headers.ratelimit).toContain(`"hour";r=${left}`);
    }
    clock.advance(1_000);
    const refused = await app.inject("/");
    expect(refused.json()["violated-policies"]).toEqual(["hour"]);
  });

  it("takes what a request costs", async () => {
    const cost = ({ headers }: { headers: Record<string, unknown> }) => Number(headers["x-cost"]);
    const { app } = await limitedApp({ max: 10, cost }, { way });
    const costing = (cost: number) => ({ url: "/", headers: { "x-cost": String(cost) } });

    expect(
      await statuses(app, [costing(7), costing(4), costing(3), costing(0), costing(1)]),
    ).toEqual([200, 429, 200, 200, 429]);
  });

  it("counts paths that do not exist, wrong methods, HEAD and OPTIONS as it counts all else", async () => {
    const { app } = await limitedApp({ max: 6 }, { way });
    app.options("/", async () => "options");

    expect(
      await statuses(app, [
        "/nothing",
        { method: "DELETE", url: "/" },
        { method: "HEAD", url: "/" },
        { method: "OPTIONS", url: "/nothing" },
        { method: "OPTIONS", url: "/", headers: { origin: "https://app.example" } },
        "/",
      ]),
    ).toEqual([404, 404, 200, 404, 200, 200]);
    expect(
      await statuses(app, [
        "/",
        "/nothing",
        { method: "DELETE", url: "/" },
        { method: "HEAD", url: "/" },
      ]),
    ).toEqual([429, 429, 429, 429]);
  });

  it("counts the answers of a not-found handler and of one that fails", async () => {
    const { app } = await limitedApp({ max: 2 }, { way });
    app.setNotFoundHandler((_request, reply) => reply.code(404).send("nothing"));
    app.get("/fails", async () => {
      throw new Error("boom");
    });
    expect(await statuses(app, ["/nothing", "/fails", "/nothing", "/fails"])).toEqual([
      404, 500, 429, 429,
    ]);
  });

  it("reaches routes that were declared before it was loaded, and what they say of it", async () => {
    const app = await createApp({ way });
    app.get("/early", async () => "ok");
    app.get("/own", { config: { rateLimit: { max: 1 } } }, async () => "ok");
    app.register(rateLimit, { max: 2 });
    app.get("/late", async () => "ok");

    expect(await statuses(app, ["/own", "/own", "/early", "/late", "/early", "/late"])).toEqual([
      200, 429, 200, 200, 429, 429,
    ]);
  });

  it("registered in a scope holds for the routes of that scope alone", async () => {
    const app = await createApp({ way });
    app.get("/outside", async () => "ok");
    await app.register(
      async (child) => {
        await child.register(rateLimit, { max: 1 });
        child.get("/inside", async () => "ok");
      },
      { prefix: "/v1" },
    );
    expect(
      await statuses(app, ["/v1/inside", "/v1/inside", "/outside", "/outside", "/nothing"]),
    ).toEqual([200, 429, 200, 200, 404]);
  });

  it("leaves health checks alone that are routes", async () => {
    const { app } = await limitedApp({ max: 1 }, { way });
    app.get("/health", async () => "healthy");
    expect(
      await statuses(app, ["/", "/health", "/health?deep", "/healthz", "/health/", "/"]),
    ).toEqual([200, 200, 200, 429, 429, 429]);
    expect((await app.inject("/health")).headers).not.toHaveProperty("ratelimit");
  });

  it("counts what only looks like a preflight, and reaches a handler or is a 404", async () => {
    const { app } = await limitedApp({ max: 2 }, { way });
    app.all("/runs", { config: { rateLimit: { max: 1 } } }, async () => "it ran");
    const headers = { origin: "https://app.example", "access-control-request-method": "POST" };
    const to = (url: string) => ({ method: "OPTIONS", url, headers });
    expect(await statuses(app, times(3, to("/nothing")))).toEqual([404, 404, 429]);
    expect(await statuses(app, times(2, to("/runs")))).toEqual([200, 429]);
  });

  it("may exempt other routes, by the pattern that they were declared with", async () => {
    const { app } = await limitedApp({ max: 1, exempt: ["/runs/:id/events"] }, { way });
    app.get("/health", async () => "healthy");
    app.get("/runs/:id/events", async () => "ok");
    expect(
      await statuses(app, [
        "/",
        "/runs/1/events",
        "/runs/2/events?x=/health",
        "/health",
        "/runs/1",
      ]),
    ).toEqual([200, 200, 200, 429, 429]);
  });

  it("lets in who is on the allow list", async () => {
    const { app } = await limitedApp(
      { max: 1, allowList: ["203.0.113.7", "10.0.0.0/8", "2001:db8::/32"] },
      { way },
    );
    const from = (remoteAddress: string) => ({ url: "/", remoteAddress });
    for (const address of ["203.0.113.7", "10.1.2.3", "::ffff:10.1.2.3", "2001:db8:1::1"]) {
      expect(await statuses(app, times(3, from(address)))).toEqual([200, 200, 200]);
    }
    for (const address of ["203.0.113.8", "11.1.2.3", "2001:db9::1"]) {
      expect(await statuses(app, times(2, from(address)))).toEqual([200, 429]);
    }
  });

  it.each([
    ["at once", (answer: unknown) => answer],
    ["later", (answer: unknown) => Promise.resolve(answer)],
  ])("asks functions, which may answer %s", async (_, when) => {
    const seen: string[] = [];
    const { app } = await limitedApp(
      {
        by: (request) => when(String(request.headers["x-tenant"] ?? "none")) as string,
        max: (_request, key) => when(key === "large" ? 3 : 1) as number,
        cost: () => when(1) as number,
        allowList: (request, key) => {
          seen.push(key);
          // Only true is a permission.
          return when(request.headers["x-pass"] === "yes" || (key === "yes" && "yes")) as boolean;
        },
      },
      { way },
    );
    const tenant = (name: string, pass = "") => ({
      url: "/",
      headers: { "x-tenant": name, "x-pass": pass },
    });
    expect(await statuses(app, times(4, tenant("large")))).toEqual([200, 200, 200, 429]);
    expect(await statuses(app, times(2, tenant("small")))).toEqual([200, 429]);
    expect(await statuses(app, times(2, tenant("yes")))).toEqual([200, 429]);
    expect(await statuses(app, [tenant("small", "yes"), "/", "/"])).toEqual([200, 200, 429]);
    expect(new Set(seen)).toEqual(new Set(["large", "small", "yes", "none"]));
    const { headers } = await app.inject(tenant("large"));
    expect(headers["ratelimit-policy"]).toBe('"requests";q=3;w=60');
  });

  it("answers 403 to who does not stop, and tells of what happens", async () => {
    const told: string[] = [];
    const tell = (what: string) => (_request: unknown, key: string) => {
      told.push(`${what} ${key}`);
    };
    const { app, clock } = await limitedApp(
      {
        max: 1,
        timeWindow: 12_000,
        ban: 2,
        onExceeding: tell("in"),
        onExceeded: tell("out"),
        onBanReach: tell("banned"),
      },
      { way },
    );
    expect(await statuses(app, times(5, "/"))).toEqual([200, 429, 429, 403, 403]);
    const banned = await app.inject("/");
    expect(banned.json().code).toBe("RATE_LIMIT_BANNED");
    expect(banned.headers).toHaveProperty("retry-after");
    clock.advance(13_000);
    expect(await statuses(app, times(2, "/"))).toEqual([200, 429]);
    expect(told.slice(0, 5)).toEqual([
      "in 127.0.0.1",
      "out 127.0.0.1",
      "out 127.0.0.1",
      "out 127.0.0.1",
      "banned 127.0.0.1",
    ]);
  });

  it("lets nothing hang on who only listens", async () => {
    const fails = () => {
      throw new Error("no");
    };
    const rejects = () => Promise.reject(new Error("no"));
    const { app } = await limitedApp(
      { max: 1, ban: 1, onExceeding: rejects, onExceeded: fails, onBanReach: fails },
      { way },
    );
    expect(await statuses(app, times(3, "/"))).toEqual([200, 429, 403]);
  });

  it("refuses who cannot be counted, and fails nothing else, where two functions fail at once", async () => {
    const unheard: unknown[] = [];
    const hear = (reason: unknown) => unheard.push(reason);
    process.on("unhandledRejection", hear);
    onTestFinished(() => void process.off("unhandledRejection", hear));
    const max = () => Promise.reject(new Error("no plan"));
    const cost = () => {
      throw new Error("no cost");
    };
    const { app } = await limitedApp({ max, cost }, { way });
    expect(await statuses(app, times(2, "/"))).toEqual([500, 500]);
    await setImmediate();
    expect(unheard).toEqual([]);
  });

  it("may answer 403 at once", async () => {
    const { app } = await limitedApp({ max: 1, ban: 0 }, { way });
    expect(await statuses(app, times(3, "/"))).toEqual([200, 403, 403]);
  });

  it("may be registered for the routes that ask for it, and for no others", async () => {
    const { app } = await limitedApp({ global: false, max: 1 }, { way });
    app.get("/limited", { config: { rateLimit: {} } }, async () => "ok");
    expect(await statuses(app, ["/", "/", "/nothing", "/nothing", "/limited", "/limited"])).toEqual(
      [200, 200, 404, 404, 200, 429],
    );
  });

  it("forgets no blocked caller for 100,000 fresh ones (case 35)", async () => {
    const clock = createClock();
    const app = await createApp({ way });
    const store = memoryStore({ now: clock.now, maxKeys: 1_000 });
    await app.register(rateLimit, { store, max: 2, by: ({ headers }) => String(headers["x-key"]) });
    app.get("/", async () => "ok");
    const by = (key: string | number) => ({ url: "/", headers: { "x-key": String(key) } });

    expect(await statuses(app, times(3, by("blocked")))).toEqual([200, 200, 429]);
    // The store is what remembers; the requests in between need not all be HTTP.
    const policy = strictWindow({ name: "requests", limit: 2, per: "minute" });
    const { createLimiter } = await import("@enfilade/limiter");
    const flood = createLimiter({ store });
    for (let index = 0; index < 100_000; index++)
      await flood.decide([{ policy, key: `fresh ${index}` }]);
    expect((await app.inject(by("blocked"))).statusCode).toBe(429);
  });
});
