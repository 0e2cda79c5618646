import { memoryStore } from "@enfilade/limiter";
import { createLogLines } from "@enfilade/testing";
import fc from "fast-check";
import type { FastifyRequest } from "fastify";
import { describe, expect, test } from "vitest";
import { type QuotaOptions, type RunQuota, type Usage, usageFrame } from "../src/index.ts";
import { ann, eventually, quotaApp } from "./support/apps.ts";

const policies = {
  requests: { counts: "requests", limit: 100, per: "minute" },
  tokens: { counts: "tokens", limit: 1_000, per: "minute" },
  runs: { counts: "runs", limit: 2 },
} as const;

/** Runs one handler with a quota, and gives what it has answered and what was used. */
async function runOnce(
  handle: (run: RunQuota, request: FastifyRequest) => unknown,
  options: Partial<QuotaOptions> = {},
) {
  const quota = await quotaApp("in line", {
    policies,
    estimate: () => ({ tokens: 100 }),
    ...options,
  });
  quota.app.get("/", { config: { quota: true } }, async (request) => {
    if (request.quota === null) throw new Error("unreachable: the route has a quota");
    return await handle(request.quota, request);
  });
  const response = await quota.app.inject({ url: "/", headers: ann });
  return { ...quota, response, after: await quota.used() };
}

describe("settle()", () => {
  test("refunds what was not used, and gives the place back at once", async () => {
    const { response } = await runOnce(async (run, request) => {
      await run.settle({ tokens: 30 });
      return await request.server.quota.usage({ principal: "test:ann" });
    });
    expect(response.json()).toMatchObject([{ used: 1 }, { used: 30 }, { used: 0 }]);
  });

  test("left out, the estimate stays charged", async () => {
    const { after } = await runOnce(() => "done");
    expect(after).toEqual({ requests: 1, tokens: 100, runs: 0 });
  });

  test("without a unit, that unit keeps its estimate, or what was charged where that is more", async () => {
    const { after } = await runOnce(async (run) => {
      await run.charge({ tokens: 140 });
      await run.settle({});
      return "done";
    });
    expect(after).toMatchObject({ tokens: 140 });
  });

  test("counts once: whoever calls it again gets the same settlement", async () => {
    const { after, response } = await runOnce(async (run) => {
      const [first, second] = await Promise.all([
        run.settle({ tokens: 30 }),
        run.settle({ tokens: 900 }),
      ]);
      await run.cancel();
      return { same: first === second, settlement: first, late: await run.charge({ tokens: 5 }) };
    });
    expect(response.json()).toMatchObject({ same: true, late: false });
    expect(after).toMatchObject({ tokens: 30 });
  });

  test("tells what it has cost, and what is left of the policies that callers are told of", async () => {
    const { response } = await runOnce((run) => run.settle({ tokens: 30, money: 4_000 }), {
      policies: {
        ...policies,
        everybody: { counts: "tokens", limit: 9_000, per: "hour", by: "server" },
      },
    });
    expect(response.json()).toEqual({
      usage: { requests: 1, tokens: 30, money: 4_000 },
      policies: [
        {
          policy: "requests",
          counts: "requests",
          limit: 100,
          remaining: 99,
          resetMs: expect.any(Number),
        },
        {
          policy: "tokens",
          counts: "tokens",
          limit: 1_000,
          remaining: 970,
          resetMs: expect.any(Number),
        },
        { policy: "runs", counts: "runs", limit: 2, remaining: 2 },
      ],
    });
  });

  test.each([
    [{ tokens: 1.5 }],
    [{ tokens: -1 }],
    [{ tokens: Number.NaN }],
    [{ token: 5 }],
    [null],
  ])("refuses %j, and the run goes on", async (usage) => {
    const { after, response } = await runOnce(async (run) => {
      const error = await run.settle(usage as never).then(
        () => undefined,
        (thrown: { code: string; message: string }) => thrown,
      );
      await run.settle({ tokens: 3 });
      return { code: error?.code, message: error?.message };
    });
    expect(response.json()).toEqual({
      code: "QUOTA_INVALID_USAGE",
      message: expect.stringMatching(/^@enfilade\/quota: settle\(\) says/),
    });
    expect(after).toMatchObject({ tokens: 3 });
  });

  test("takes tokens and money whether a policy counts them or not", async () => {
    const { after } = await runOnce((run) => run.settle({ tokens: 1, money: 5 }), {
      policies: { runs: policies.runs },
      estimate: () => ({ tokens: 100, money: 7 }),
    });
    expect(after).toEqual({ runs: 0 });
  });
});

describe("cancel()", () => {
  test("charges nothing, not even the request", async () => {
    const { after, response } = await runOnce(async (run) => {
      await run.cancel();
      return run.settlement;
    });
    expect(after).toEqual({ requests: 0, tokens: 0, runs: 0 });
    expect(response.json().usage).toEqual({ requests: 0, tokens: 0 });
  });
});

describe("charge()", () => {
  test("within the estimate reserves nothing more", async () => {
    const { response } = await runOnce(async (run, request) => {
      const goesOn = await run.charge({ tokens: 100 });
      const [, tokens] = await request.server.quota.usage({ principal: "test:ann" });
      return { goesOn, used: tokens?.used, aborted: run.signal.aborted, charged: run.charged };
    });
    expect(response.json()).toEqual({
      goesOn: true,
      used: 100,
      aborted: false,
      charged: { tokens: 100 },
    });
  });

  test("beyond it reserves as much more, and what was not used of it is refunded", async () => {
    const { response, after } = await runOnce(async (run, request) => {
      for (let i = 0; i < 5; i++) await run.charge({ tokens: 50 });
      const [, tokens] = await request.server.quota.usage({ principal: "test:ann" });
      await run.settle({ tokens: 120 });
      return { used: tokens?.used };
    });
    expect(response.json()).toEqual({ used: 250 });
    expect(after).toMatchObject({ tokens: 120 });
  });

  test("many at once are reserved together, exactly", async () => {
    const { response, after } = await runOnce(async (run) => {
      const all = await Promise.all(Array.from({ length: 90 }, () => run.charge({ tokens: 10 })));
      return all.every(Boolean);
    });
    expect(response.json()).toBe(true);
    expect(after).toMatchObject({ tokens: 900 });
  });

  test("counts up to what a sum can hold, and is settled at that", async () => {
    const { after } = await runOnce(async (run) => {
      for (let i = 0; i < 5; i++) await run.charge({ tokens: 2 ** 51 });
      return "done";
    });
    expect(after).toMatchObject({ tokens: expect.any(Number), runs: 0 });
    expect(after.tokens).toBeGreaterThanOrEqual(1_000);
  });

  test("where nothing is left, aborts the signal, and says why", async () => {
    const { response, after } = await runOnce(async (run) => {
      const { signal } = run;
      const reasons: unknown[] = [];
      signal.addEventListener("abort", () => reasons.push(signal.reason.code));
      const answers = [await run.charge({ tokens: 990 }), await run.charge({ tokens: 20 })];
      answers.push(await run.charge({ tokens: 1 }));
      return { answers, reasons, message: signal.reason.message };
    });
    expect(response.json()).toEqual({
      answers: [true, false, false],
      reasons: ["QUOTA_EXHAUSTED"],
      message: "The quota is used up: tokens.",
    });
    // What was used was used: it is charged all the same.
    expect(after).toMatchObject({ tokens: 1_011 });
  });

  test("the signal tells of it also to who looks later", async () => {
    const { response } = await runOnce(async (run) => {
      await run.charge({ tokens: 2_000 });
      return { aborted: run.signal.aborted, code: run.signal.reason.code };
    });
    expect(response.json()).toEqual({ aborted: true, code: "QUOTA_EXHAUSTED" });
  });

  test("an error that is thrown as the signal's reason reaches the client as a 429", async () => {
    const { response } = await runOnce(async (run) => {
      await run.charge({ tokens: 2_000 });
      run.signal.throwIfAborted();
      return "unreachable";
    });
    expect(response.statusCode).toBe(429);
    expect(response.json()).toMatchObject({ code: "QUOTA_EXHAUSTED" });
  });
});

test("however a run charges and settles, it is charged what it says in the end, and its place comes back", async () => {
  const amount = fc.integer({ min: 0, max: 400 });
  await fc.assert(
    fc.asyncProperty(
      fc.array(amount, { maxLength: 8 }),
      fc.option(amount, { nil: undefined }),
      fc.integer({ min: 0, max: 1_000 }),
      async (charged, settled, estimated) => {
        const { after, app } = await runOnce(
          async (run) => {
            await Promise.all(charged.map((tokens) => run.charge({ tokens })));
            if (settled !== undefined) await run.settle({ tokens: settled });
            return "done";
          },
          { estimate: () => ({ tokens: estimated }) },
        );
        const sum = charged.reduce((total, one) => total + one, 0);
        // What is used is charged, whether it fits or not.
        expect(after).toEqual({
          requests: 1,
          tokens: settled ?? Math.max(estimated, sum),
          runs: 0,
        });
        await app.close();
      },
    ),
    { numRuns: 60 },
  );
});

test("a run that cannot be settled when it is over is logged, and counts as ended", async () => {
  const lines = createLogLines();
  let nodes = 1;
  const away = async (): Promise<never> => {
    throw new Error("no store");
  };
  const store = { ...memoryStore(), partitioned: true, decide: away, adjust: away, release: away };
  const { app } = await quotaApp(
    "in line",
    { policies, store, liveNodes: () => nodes },
    { logger: { stream: lines.stream, level: "error" } },
  );
  app.get("/", { config: { quota: true } }, async ({ quota }) => {
    nodes = Number.NaN;
    await expect(quota?.charge({ tokens: 50 })).rejects.toMatchObject({
      code: "LIMITER_INVALID_OPTION",
    });
    return "done";
  });
  expect((await app.inject({ url: "/", headers: ann })).statusCode).toBe(200);
  await eventually(() => app.quota.state().open).toBe(0);
  expect(lines.items.map(({ msg }) => msg)).toContain("a run could not be settled");
  nodes = 1;
});

test("the settled usage ends a stream as an event of its own", async () => {
  const { response } = await runOnce(async (run) => usageFrame(await run.settle({ tokens: 3 })));
  const [event, data, ...rest] = response.body.split("\n");
  expect(event).toBe("event: usage");
  expect(JSON.parse(String(data).replace("data: ", ""))).toMatchObject({
    usage: { requests: 1, tokens: 3 } satisfies Usage,
    policies: [{ policy: "requests" }, { policy: "tokens", remaining: 997 }, { policy: "runs" }],
  });
  expect(rest).toEqual(["", ""]);
});
