import { auth } from "@enfilade/auth";
import { memoryStore } from "@enfilade/limiter";
import { createApp, WAYS } from "@enfilade/line-testing";
import { createClock } from "@enfilade/testing";
import { describe, expect, it } from "vitest";
import { type RateLimitOptions, rateLimit } from "../src/index.ts";
import { as, believing, statuses, times, withErrors } from "./apps.ts";

describe.each(WAYS)("%s, failed authentications", (way) => {
  async function guarded(options: RateLimitOptions = {}) {
    const clock = createClock();
    const app = await createApp({ way });
    await app.register(rateLimit, { store: memoryStore({ now: clock.now }), ...options });
    await app.register(believing);
    await app.register(auth);
    app.get("/", { config: { access: "authenticated" } }, async () => "ok");
    return { app, clock };
  }

  it("of one address are answered as such 20 times a minute, and then by 429", async () => {
    const { app, clock } = await guarded();
    expect(await statuses(app, times(22, as("bad")))).toEqual([...times(20, 401), 429, 429]);
    const refused = await app.inject(as("bad"));
    expect(refused.json()).toMatchObject({
      code: "RATE_LIMIT_TOO_MANY_FAILURES",
      "violated-policies": ["failures"],
    });
    expect(refused.headers["content-type"]).toBe("application/problem+json; charset=utf-8");
    expect(refused.headers.ratelimit).toMatch(/"failures";r=0;/);
    expect(refused.headers).toHaveProperty("retry-after");
    expect(refused.headers).not.toHaveProperty("www-authenticate");
    clock.advance(Number(refused.headers["retry-after-ms"]));
    expect((await app.inject(as("bad"))).statusCode).toBe(401);
  });

  it("never keep out credentials that hold, from the same address or another", async () => {
    const { app } = await guarded({ failures: { max: 1 } });
    expect(await statuses(app, times(3, as("bad")))).toEqual([401, 429, 429]);
    expect((await app.inject(as("ann"))).statusCode).toBe(200);
    const elsewhere = { ...as("bad"), remoteAddress: "203.0.113.9" };
    expect(await statuses(app, [elsewhere, elsewhere])).toEqual([401, 429]);
  });

  it("are the same whether they are refused at once or later", async () => {
    const { app } = await guarded({ failures: { max: 2, timeWindow: "10 seconds" } });
    expect(await statuses(app, [as("late"), as("bad"), as("late"), as("bad")])).toEqual([
      401, 401, 429, 429,
    ]);
  });

  it("are none where nothing was sent, and are not counted where they are not limited", async () => {
    const { app } = await guarded({ failures: { max: 1 } });
    expect(await statuses(app, times(4, "/"))).toEqual(times(4, 401));
    const off = await guarded({ failures: false });
    expect(await statuses(off.app, times(25, as("bad")))).toEqual(times(25, 401));
    const allowed = await guarded({ failures: { max: 1 }, allowList: ["127.0.0.1"] });
    expect(await statuses(allowed.app, times(3, as("bad")))).toEqual(times(3, 401));
  });

  it("are counted in a counter of their own", async () => {
    const { app } = await guarded({ max: 3, failures: { max: 1 } });
    expect(await statuses(app, [as("bad"), as("bad"), as("ann"), as("ann")])).toEqual([
      401, 429, 200, 429,
    ]);
    expect((await app.inject(as("ann"))).json().code).toBe("RATE_LIMIT_EXCEEDED");
  });

  it("go through the errors layer", async () => {
    const app = await createApp({ way });
    await withErrors(app);
    await app.register(rateLimit, { failures: { max: 1 } });
    await app.register(believing);
    app.get("/v1/models", async () => "ok");
    expect(await statuses(app, times(2, as("bad", "/v1/models")))).toEqual([401, 429]);
    const refused = await app.inject(as("bad", "/v1/models"));
    expect(refused.json().error.type).toBe("rate_limit_error");
  });
});
