import { describe, expect, it } from "vitest";
import { createRateHeaders, putRateHeaders, tellPolicy } from "../../src/http/index.ts";
import {
  budget,
  concurrency,
  createLimiter,
  gcra,
  memoryStore,
  strictWindow,
  type Verdict,
} from "../../src/index.ts";

const rpm = gcra({ name: "rpm", limit: 60, per: "minute", burst: 20 });
const tpm = strictWindow({ name: "tpm", limit: 90_000, per: "minute" });
const usd = budget({ name: "usd", limit: 5_000_000, per: "month" });
const runs = concurrency({ name: "runs", limit: 4 });
const told = [
  tellPolicy(rpm),
  tellPolicy(tpm, "tokens"),
  tellPolicy(usd, "micro-usd"),
  tellPolicy(runs),
];

function verdict(policy: string, more: Partial<Verdict> = {}): Verdict {
  return {
    policy,
    key: "k",
    admitted: true,
    limit: 100,
    remaining: 50,
    resetMs: 4_200,
    retryAfterMs: 0,
    source: "store",
    ...more,
  };
}

describe("the standard fields", () => {
  it("name every policy with its quota, its window and its unit, and what a decision has left of it", async () => {
    const limiter = createLimiter({ store: memoryStore({ now: () => 1_750_000_000_000 }) });
    const { decision } = await limiter.reserve([
      { policy: rpm, key: "k", cost: 8 },
      { policy: tpm, key: "k", cost: 49_000 },
      { policy: usd, key: "k", cost: 1_000_000 },
      { policy: runs, key: "k" },
    ]);

    expect(createRateHeaders(told)(decision.verdicts)).toEqual({
      "ratelimit-policy":
        '"rpm";q=60;w=60, "tpm";q=90000;w=60;qu="tokens", "usd";q=5000000;qu="micro-usd", "runs";q=4;qu="concurrent-requests"',
      ratelimit: expect.stringMatching(
        /^"rpm";r=12;t=8, "tpm";r=41000;t=\d+, "usd";r=4000000;t=\d+, "runs";r=3$/,
      ),
    });
    await limiter.close();
  });

  it("give a day its window, and none to a month or to what is no whole number of seconds", () => {
    expect(tellPolicy(budget({ name: "d", limit: 1, per: "day" })).item).toBe('"d";q=1;w=86400');
    expect(tellPolicy(budget({ name: "m", limit: 1, per: "month" })).item).toBe('"m";q=1');
    expect(tellPolicy(strictWindow({ name: "s", limit: 1, per: 1_500 })).item).toBe('"s";q=1');
  });

  it("escape a unit, and stay within the integers of structured fields", () => {
    expect(tellPolicy(rpm, 'a"b\\c').item).toBe('"rpm";q=60;w=60;qu="a\\"b\\\\c"');
    const vast = strictWindow({ name: "vast", limit: 2 ** 51, per: "minute" });
    expect(tellPolicy(vast).item).toBe('"vast";q=999999999999999;w=60');
  });

  it("leave out what a refusal did not come to ask, and what is not told", () => {
    const toHeaders = createRateHeaders(told);
    expect(toHeaders([verdict("tpm"), verdict("secret")]).ratelimit).toBe('"tpm";r=50;t=5');
    expect(toHeaders([])).not.toHaveProperty("ratelimit");
    expect(createRateHeaders([])([verdict("rpm")])).toEqual({});
  });

  /** What a reply has of headers. */
  function replyWith(before: Record<string, string>) {
    const headers = new Map(Object.entries(before));
    const reply = {
      getHeader: (name: string) => headers.get(name),
      header: (name: string, value: string) => headers.set(name, value),
      removeHeader: (name: string) => headers.delete(name),
    };
    return { headers, reply };
  }

  it("join those of a layer further out", () => {
    const { headers, reply } = replyWith({ ratelimit: '"address";r=1;t=1' });

    putRateHeaders(reply, { ratelimit: '"tpm";r=2;t=2', "x-ratelimit-limit": "1" });
    putRateHeaders(reply, { "x-ratelimit-limit": "2" });

    expect(Object.fromEntries(headers)).toEqual({
      ratelimit: '"address";r=1;t=1, "tpm";r=2;t=2',
      "x-ratelimit-limit": "2",
    });
  });

  it("leave no wait of a layer further out beside what never fits", () => {
    const outer = {
      "x-ratelimit-limit": "9",
      "x-ratelimit-remaining": "8",
      "x-ratelimit-reset": "1",
    };
    const { headers, reply } = replyWith(outer);
    const never = { admitted: false, retryAfterMs: Number.POSITIVE_INFINITY };

    putRateHeaders(reply, createRateHeaders(told, ["legacy"])([verdict("rpm", never)]));
    expect(headers.has("x-ratelimit-reset")).toBe(false);

    putRateHeaders(reply, outer);
    putRateHeaders(reply, { ratelimit: '"tpm";r=2;t=2' });
    expect(headers.get("x-ratelimit-reset")).toBe("1");
  });
});

describe("the other dialects", () => {
  it("legacy: tells of the policy that is nearest to its end, and not of slots", () => {
    const toHeaders = createRateHeaders(told, ["legacy"]);
    const verdicts = [
      verdict("rpm", { remaining: 50 }),
      verdict("tpm", { remaining: 3 }),
      verdict("runs", { remaining: 0 }),
    ];
    expect(toHeaders(verdicts)).toEqual({
      "x-ratelimit-limit": "100",
      "x-ratelimit-remaining": "3",
      "x-ratelimit-reset": "5",
    });
    const refused = verdict("rpm", { admitted: false, remaining: 90 });
    expect(toHeaders([refused, verdict("tpm", { remaining: 3 })])).toMatchObject({
      "x-ratelimit-remaining": "90",
    });
    expect(toHeaders([])).toEqual({});
  });

  it("legacy: names no time for what never fits, because ky comes back then", () => {
    const never = { admitted: false, retryAfterMs: Number.POSITIVE_INFINITY };
    const toHeaders = createRateHeaders(told, ["legacy"]);
    const later = verdict("rpm", { admitted: false, retryAfterMs: 1_000 });
    for (const verdicts of [[verdict("rpm", never)], [later, verdict("tpm", never)]]) {
      expect(toHeaders(verdicts)).toEqual({
        "x-ratelimit-limit": "100",
        "x-ratelimit-remaining": "50",
      });
    }
  });

  it.each([
    [120, "120ms"],
    [8_640, "8.64s"],
    [360_000, "6m0s"],
    [3_600_000, "1h0m0s"],
    [86_399_000, "23h59m59s"],
  ])("openai: spells %d ms as %s, for requests and for tokens", (resetMs, spelled) => {
    const toHeaders = createRateHeaders(told, ["openai"]);
    const verdicts = [verdict("rpm", { resetMs }), verdict("tpm", { remaining: 7, resetMs })];
    expect(toHeaders([...verdicts, verdict("usd")])).toEqual({
      "x-ratelimit-limit-requests": "100",
      "x-ratelimit-remaining-requests": "50",
      "x-ratelimit-reset-requests": spelled,
      "x-ratelimit-limit-tokens": "100",
      "x-ratelimit-remaining-tokens": "7",
      "x-ratelimit-reset-tokens": spelled,
    });
  });
});
