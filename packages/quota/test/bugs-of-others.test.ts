import { setImmediate as turn } from "node:timers/promises";
import { WAYS } from "@enfilade/line-testing";
import { createDeferred, createRecorder, listen, openExchange } from "@enfilade/testing";
import { describe, expect, test } from "vitest";
import { ann, eventually, quotaApp } from "./support/apps.ts";

/* Bugs that others had, each as what must not happen here. */

describe.each(WAYS)("%s", (way) => {
  test("a cancelled stream gives its place back (LiteLLM 27955)", async () => {
    const { app, used } = await quotaApp(way, { policies: { runs: { counts: "runs", limit: 1 } } });
    app.get("/", { config: { quota: true } }, (_request, reply) => {
      reply.hijack();
      reply.raw.write("data: begun\n\n");
    });
    const origin = await listen(app);
    for (let i = 0; i < 5; i++) {
      const exchange = await openExchange(origin, { headers: ann });
      expect((await exchange.head()).status).toBe(200);
      await exchange.bodyUntil("begun");
      exchange.destroy();
      await eventually(used).toEqual({ runs: 0 });
    }
  });

  test("providers that time out leave no place taken, and nothing waits for ever (LiteLLM 20256)", async () => {
    const { app, used } = await quotaApp(
      way,
      {
        policies: { runs: { counts: "runs", limit: 2 } },
        queue: { maxWaiting: 10, maxWaitMs: 60_000 },
      },
      { handlerTimeout: 30 },
    );
    app.get("/", { config: { quota: true } }, async (request) => {
      // A provider that never answers: only the time of the handler ends it.
      await new Promise((_resolve, reject) => {
        request.signal.addEventListener("abort", () => reject(request.signal.reason));
      });
    });

    const all = await Promise.all(
      Array.from({ length: 4 }, () => app.inject({ url: "/", headers: ann })),
    );

    expect(all.map(({ statusCode }) => statusCode)).toEqual([503, 503, 503, 503]);
    expect(await used()).toEqual({ runs: 0 });
  });

  test("a run that is refused for want of a place uses up no requests and no tokens (LiteLLM 39309, Upstash 156)", async () => {
    const { app, used } = await quotaApp(way, {
      policies: {
        requests: { counts: "requests", limit: 5, per: "day" },
        tokens: { counts: "tokens", limit: 1_000, per: "day" },
        runs: { counts: "runs", limit: 1 },
      },
      estimate: () => ({ tokens: 100 }),
    });
    const done = createDeferred();
    app.get("/", { config: { quota: true } }, async () => await done.promise.then(() => "done"));

    const running = app.inject({ url: "/", headers: ann });
    await eventually(used).toMatchObject({ runs: 1 });
    for (let i = 0; i < 8; i++) {
      const refused = await app.inject({ url: "/", headers: ann });
      expect(refused.statusCode).toBe(429);
      expect(refused.json()["violated-policies"]).toEqual(["runs"]);
    }

    expect(await used()).toEqual({ requests: 1, tokens: 100, runs: 1 });
    done.resolve();
    expect((await running).statusCode).toBe(200);
    expect((await app.inject({ url: "/", headers: ann })).statusCode).toBe(200);
  });

  test("two limits are one decision: what one refuses, the other does not count (8 refusals burned a day)", async () => {
    const { app, used, clock } = await quotaApp(way, {
      policies: {
        minute: { counts: "requests", limit: 2, per: "minute" },
        day: { counts: "requests", limit: 10, per: "day" },
      },
    });
    app.get("/", { config: { quota: true } }, () => "done");
    const ask = async () => (await app.inject({ url: "/", headers: ann })).statusCode;

    const answers = [];
    for (let i = 0; i < 10; i++) answers.push(await ask());
    expect(answers.filter((status) => status === 200)).toHaveLength(2);
    expect(await used()).toEqual({ minute: 2, day: 2 });

    clock.advance(66_000);
    expect(await ask()).toBe(200);
  });

  test("the place is free when the run is over, not when its log has been written (LiteLLM 40846)", async () => {
    const { app, used } = await quotaApp(way, { policies: { runs: { counts: "runs", limit: 1 } } });
    const logged = createDeferred();
    const states = createRecorder<Record<string, number>>();
    app.addHook("onResponse", async () => await logged.promise);
    app.get("/", { config: { quota: true } }, async (request) => {
      await request.quota?.settle();
      states.record(await used());
      return "done";
    });

    const first = await app.inject({ url: "/", headers: ann });
    expect(first.statusCode).toBe(200);
    expect(states.items).toEqual([{ runs: 0 }]);
    // The hook of the first one is still at work.
    expect((await app.inject({ url: "/", headers: ann })).statusCode).toBe(200);
    logged.resolve();
  });

  test("many at once do not get past the tokens of a minute (LiteLLM 18730)", async () => {
    const { app, used } = await quotaApp(way, {
      policies: {
        tokens: { counts: "tokens", limit: 1_000, per: "minute" },
        runs: { counts: "runs", limit: 100 },
      },
      estimate: () => ({ tokens: 300 }),
    });
    let atOnce = 0;
    app.get("/", { config: { quota: true } }, async (request) => {
      atOnce += 1;
      await turn();
      await request.quota?.settle({ tokens: 300 });
      return "done";
    });

    const all = await Promise.all(
      Array.from({ length: 50 }, () => app.inject({ url: "/", headers: ann })),
    );

    expect(all.filter(({ statusCode }) => statusCode === 200)).toHaveLength(3);
    expect(atOnce).toBe(3);
    expect(await used()).toEqual({ tokens: 900, runs: 0 });
  });
});
