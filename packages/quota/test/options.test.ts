import Fastify from "fastify";
import { describe, expect, onTestFinished, test } from "vitest";
import { quota } from "../src/index.ts";

const tokens = { counts: "tokens", limit: 1_000, per: "minute" } as const;

async function boot(options: object, config?: object): Promise<unknown> {
  const app = Fastify();
  onTestFinished(() => app.close().catch(() => {}));
  app.register(quota, options as never);
  if (config !== undefined) {
    app.register(async (scope) => void scope.get("/runs", { config }, () => "done"));
  }
  return await app.ready().then(
    () => "booted",
    (error: unknown) => error,
  );
}

const refusal = (option: string, shown = ".+") =>
  expect.objectContaining({
    code: "QUOTA_INVALID_OPTION",
    message: expect.stringMatching(
      new RegExp(
        `^@enfilade/quota.*: the option ${option.replace(/[[\]]/g, "\\$&")} is ${shown}\\. \\S`,
      ),
    ),
  });

describe("the layer refuses to boot", () => {
  test.each<[string, object, string]>([
    ["without policies", {}, "policies"],
    ["with none", { policies: {} }, "policies"],
    ["with a list of them", { policies: [tokens] }, "policies"],
    [
      "with more than can be decided at once",
      { policies: Object.fromEntries(Array.from({ length: 9 }, (_, i) => [`p${i}`, tokens])) },
      "policies",
    ],
    ["with an unknown option", { policies: { tokens }, polices: {} }, "polices"],
    ["with a store that is none", { policies: { tokens }, store: "redis" }, "store"],
    ["with no live node", { policies: { tokens }, liveNodes: 0 }, "liveNodes"],
    ["with an estimate that is no function", { policies: { tokens }, estimate: 5 }, "estimate"],
    ["with routes in a list", { policies: { tokens }, routes: ["/runs"] }, "routes"],
    ["with a currency in words", { policies: { tokens }, currency: "dollars" }, "currency"],
    ["with a claim without a name", { policies: { tokens }, orgClaim: "" }, "orgClaim"],
    ["with an unknown dialect", { policies: { tokens }, headers: ["github"] }, "headers[0]"],
    ["with a queue that is only switched on", { policies: { tokens }, queue: true }, "maxWaiting"],
    ["with an endless queue", { policies: { tokens }, queue: {} }, "maxWaiting"],
    ["with a queue of nobody", { policies: { tokens }, queue: { maxWaiting: 0 } }, "maxWaiting"],
    [
      "with a misspelt option of the queue",
      { policies: { tokens }, queue: { maxWaiting: 5, maxWait: 5 } },
      "maxWait",
    ],
    ["with a negative time", { policies: { tokens }, settleWithinMs: -1 }, "settleWithinMs"],
  ])("%s", async (_what, options, option) => {
    expect(await boot(options)).toEqual(refusal(option));
  });

  test.each<[string, unknown, string, string]>([
    ["that is a number", 1_000, "", "1000"],
    ["that is null", null, "", "null"],
    ["without a limit", { counts: "tokens", per: "minute" }, ".limit", "undefined"],
    ["that grants nobody anything", { ...tokens, limit: 0 }, ".limit", "0"],
    ["with half a token", { ...tokens, limit: 0.5 }, ".limit", "0.5"],
    ["without a time", { counts: "tokens", limit: 5 }, ".per", "undefined"],
    ["with a time that is none", { ...tokens, per: "week" }, ".per", '"week"'],
    ["that counts nothing", { limit: 5, per: "minute" }, ".counts", "undefined"],
    ["that counts in capitals", { ...tokens, counts: "Tokens" }, ".counts", '"Tokens"'],
    ["by something unknown", { ...tokens, by: "ip" }, ".by", '"ip"'],
    ["by null", { ...tokens, by: null }, ".by", "null"],
    ["of which one part is unknown", { ...tokens, by: ["org", "ip"] }, ".by[1]", '"ip"'],
    ["by nothing", { ...tokens, by: [] }, ".by", "an array of 0"],
    ["with a misspelt option", { ...tokens, timezone: "UTC" }, ".timezone", "unknown"],
    [
      "with a time zone for a window that slides",
      { ...tokens, timeZone: "UTC" },
      ".timeZone",
      '"UTC"',
    ],
    ["with a burst in a calendar day", { ...tokens, per: "day", burst: 5 }, ".burst", "5"],
    ["with a burst in words", { ...tokens, limit: () => 5, burst: "many" }, ".burst", '"many"'],
    ["with a lease for tokens", { ...tokens, ttlMs: 5 }, ".ttlMs", "5"],
    ["with a lease of nothing", { counts: "runs", limit: 5, ttlMs: null }, ".ttlMs", "null"],
    ["of runs over time", { counts: "runs", limit: 5, per: "minute" }, ".per", '"minute"'],
    ["of runs with a burst", { counts: "runs", limit: 5, burst: 5 }, ".burst", "5"],
    ["of an unknown time zone", { ...tokens, per: "day", timeZone: "Mars" }, ".timeZone", '"Mars"'],
    [
      "that does something else in an outage",
      { ...tokens, onStoreError: "retry" },
      ".onStoreError",
      '"retry"',
    ],
    ["that is told to some", { ...tokens, told: "yes" }, ".told", '"yes"'],
  ])("with a policy %s", async (_what, policy, option, shown) => {
    expect(await boot({ policies: { tokens: policy } })).toEqual(
      refusal(`policies.tokens${option}`, shown),
    );
  });

  test("with a policy whose name cannot stand in a header", async () => {
    expect(await boot({ policies: { "per minute": tokens } })).toEqual(
      refusal("policies.per minute", "no name for it"),
    );
  });

  test.each<[unknown, string, string]>([
    ["yes", "", '"yes"'],
    [null, "", "null"],
    [["tokens"], "", "an array of 1"],
    [{ policies: ["tokens", "token"] }, ".policies[1]", '"token"'],
    [{ policies: [5] }, ".policies[0]", "5"],
    [{ policies: null }, ".policies", "null"],
    [{ policies: [] }, ".policies", "an array of 0"],
    [{ policies: "tokens" }, ".policies", '"tokens"'],
    [{ estimate: 5 }, ".estimate", "5"],
    [{ estimates: () => ({}) }, ".estimates", "unknown"],
  ])("where a route says config.quota %j", async (own, option, shown) => {
    expect(await boot({ policies: { tokens } }, { quota: own })).toEqual(
      refusal(`config.quota${option} of GET /runs`, shown),
    );
  });
});

test("everything that a policy can be boots", async () => {
  const policies = {
    sliding: tokens,
    rolling: { counts: "requests", limit: 5, per: 86_400_000 },
    steady: { counts: "requests", limit: 60, per: "minute", burst: 10 },
    large: { counts: "tokens", limit: () => 3_000_000, per: "hour", burst: 3_000_000 },
    daily: { counts: "tokens", limit: 5, per: "day", timeZone: "Europe/Berlin" },
    monthly: { counts: "money", limit: 5, per: "month", by: ["org", "user"] },
    own: { counts: "images", limit: () => 5, per: "hour", by: () => "team" },
    runs: { counts: "runs", limit: 5, ttlMs: 10_000, by: "server", told: true },
  };
  const options = { currency: "EUR", queue: { maxWaiting: 5 }, liveNodes: () => 2, headers: [] };
  expect(await boot({ policies, ...options }, { quota: { policies: ["own"] } })).toBe("booted");
});
