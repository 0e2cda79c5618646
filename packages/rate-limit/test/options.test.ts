import { concurrency, memoryStore, strictWindow } from "@enfilade/limiter";
import { createApp } from "@enfilade/line-testing";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type RateLimitOptions, rateLimit, type TimeWindow } from "../src/index.ts";
import { milliseconds } from "../src/time-window.ts";
import { limitedApp } from "./apps.ts";

const hour = strictWindow({ name: "hour", limit: 5, per: "hour" });

describe("an app does not boot with", () => {
  it.each<[string, object, string]>([
    ["a word that is unknown", { maximum: 5 }, "the option maximum is unknown. Use one of"],
    ["no requests", { max: 0 }, "the option max is 0. Give a whole number from 1"],
    ["part of a request", { max: 1.5 }, "the option max is 1.5."],
    ["a number in a string", { max: "5" }, 'the option max is "5".'],
    ["a window of nothing", { timeWindow: 0 }, "the option timeWindow is 0."],
    ["a window in two units", { timeWindow: "1h30m" }, 'the option timeWindow is "1h30m".'],
    ["an ISO duration", { timeWindow: "PT1M" }, 'the option timeWindow is "PT1M".'],
    ["a window longer than a year", { timeWindow: "400 days" }, "the option timeWindow"],
    ["a window by function", { timeWindow: () => 5 }, "the option timeWindow is a function."],
    ["a burst of nothing", { burst: 0 }, "the option burst is 0."],
    ["policies that are none", { policies: [] }, "Give one to eight policies"],
    ["policies of something else", { policies: [{}] }, "Give one to eight policies"],
    ["two ways to count", { policies: [hour], max: 5 }, "Give either policies, or max"],
    ["two policies of one name", { policies: [hour, hour] }, "a name of its own"],
    ["runs at once", { policies: [concurrency({ limit: 2 })] }, "@enfilade/quota"],
    ["a cost below nothing", { cost: -1 }, "the option cost is -1."],
    ["a ban before anything", { ban: -1 }, "the option ban is -1."],
    ["a listener that is none", { onExceeded: true }, "the option onExceeded is true."],
    ["a caller of another kind", { by: "ip" }, 'the option by is "ip". Use "address"'],
    ["two ways to tell callers", { by: "address", keyGenerator: () => "" }, "Give either by or"],
    ["a key that is none", { keyGenerator: "ip" }, 'the option keyGenerator is "ip".'],
    [
      "an address that is none",
      { allowList: ["10.0.0"] },
      'allowList[0] is "10.0.0". It is neither an address',
    ],
    ["a range that is none", { allowList: ["10.0.0.0/33"] }, "is neither an address"],
    ["everybody allowed", { allowList: ["0.0.0.0/0"] }, "is everybody"],
    ["one address for a list", { allowList: "10.0.0.1" }, "Give an array"],
    [
      "a path without a slash",
      { exempt: ["health"] },
      'Write routes as they were declared: "/health"',
    ],
    ["a dialect that nobody speaks", { headers: ["draft"] }, "Use some of standard"],
    ["failures by principal", { by: "principal", failures: {} }, 'the registration by "address"'],
    ["failures that are true", { failures: true }, "Give false, or { max, timeWindow }."],
    ["failures of nothing", { failures: { max: 0 } }, "(failures): the option max is 0."],
    ["a subnet of nothing", { ipv6Subnet: 0 }, "the option ipv6Subnet is 0."],
    ["a store that is a client", { store: {} }, "Give memoryStore() or redisStore(redis)"],
    ["room for a store that has its own", { store: memoryStore(), cache: 5 }, "room of its own"],
    ["no nodes", { liveNodes: 0 }, "the option liveNodes is 0."],
    ["another way to fail", { onStoreError: "skip" }, 'the option onStoreError is "skip".'],
    ["null", { max: null }, "the option max is null."],
    ["a window of null", { timeWindow: null }, "the option timeWindow is null."],
    ["failures of null", { failures: null }, "the option failures is null."],
    ["a policy that is none", { policies: [hour, 5] }, "the option policies[1] is 5."],
    ["a path that is none", { exempt: ["/a", "b"] }, 'the option exempt[1] is "b".'],
    ["an unknown dialect", { headers: ["standard", "x"] }, 'the option headers[1] is "x".'],
  ])("%s", async (_, options, message) => {
    const app = await createApp();
    const registered = Promise.resolve(app.register(rateLimit, options as RateLimitOptions));
    await expect(registered).rejects.toMatchObject({
      code: "RATE_LIMIT_INVALID_OPTION",
      message: expect.stringContaining(message),
    });
  });

  it.each([
    ["hook", "preHandler", "The place in the line decides"],
    ["redis", {}, "store: redisStore(createRedis({ url }))"],
    ["nameSpace", "x", "a prefix"],
    ["skipOnError", true, 'onStoreError: "open"'],
    ["errorResponseBuilder", () => {}, "@enfilade/errors"],
    ["addHeaders", {}, "headers:"],
    ["addHeadersOnExceeding", {}, "headers:"],
    ["enableDraftSpec", true, "the default"],
    ["continueExceeding", true, "ban"],
    ["exponentialBackoff", true, "ban"],
  ])(
    "%s, which is @fastify/rate-limit's, and says what to do instead",
    async (option, value, fix) => {
      const app = await createApp();
      const options = { [option]: value } as RateLimitOptions;
      await expect(Promise.resolve(app.register(rateLimit, options))).rejects.toMatchObject({
        code: "RATE_LIMIT_INVALID_OPTION",
        message: expect.stringMatching(new RegExp(`${option} is one of @fastify/rate-limit alone`)),
      });
      await expect(
        Promise.resolve((await createApp()).register(rateLimit, options)),
      ).rejects.toThrow(fix);
    },
  );
});

describe("a time window", () => {
  it.each<[TimeWindow, number]>([
    [1_500, 1_500],
    ["minute", 60_000],
    ["1 minute", 60_000],
    ["5 ms", 5],
    ["10s", 10_000],
    ["2 hours", 7_200_000],
    ["1d", 86_400_000],
  ])("%s is %i milliseconds", (text, ms) => {
    expect(milliseconds(text)).toBe(ms);
  });

  it("is a whole number of milliseconds, or refused", () => {
    fc.assert(
      fc.property(fc.anything(), (value) => {
        const ms = milliseconds(value);
        expect(ms === undefined || (Number.isInteger(ms) && ms >= 1)).toBe(true);
      }),
    );
    const unit = fc.constantFrom("ms", "s", "m", "h", "d", "second", "minutes", "fortnight");
    fc.assert(
      fc.property(fc.nat(), unit, fc.nat(), unit, (first, one, second, other) => {
        expect(milliseconds(`${first}${one}${second}${other}`)).toBeUndefined();
      }),
    );
  });
});

it("closes what it has opened with the app", async () => {
  const { app } = await limitedApp({ max: 5 });
  await app.inject("/");
  await app.close();
});
