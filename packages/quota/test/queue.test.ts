import { defineLayer } from "@enfilade/layer";
import { memoryStore, type Store } from "@enfilade/limiter";
import { WAYS, type Way } from "@enfilade/line-testing";
import {
  createDeferred,
  createRecorder,
  type Deferred,
  listen,
  openExchange,
} from "@enfilade/testing";
import type { FastifyInstance } from "fastify";
import { describe, expect, test } from "vitest";
import type { QueueOptions } from "../src/index.ts";
import { ann, bob, eventually, quotaApp } from "./support/apps.ts";

/** An app with one place for each caller, whose runs go on until they are let go. */
async function queueApp(way: Way, queue: QueueOptions | false, by?: "server") {
  const quota = await quotaApp(way, {
    policies: {
      requests: { counts: "requests", limit: 100, per: "hour" },
      runs: { counts: "runs", limit: 1, ...(by !== undefined && { by }) },
    },
    queue,
  });
  const running = createRecorder<{ caller: string; done: Deferred<void> }>();
  quota.app.get("/", { config: { quota: true } }, async (request) => {
    const done = createDeferred();
    running.record({ caller: String(request.headers["x-caller"]), done });
    await done.promise;
    return "done";
  });
  const waiting = (count: number) => eventually(() => quota.app.quota.state().waiting).toBe(count);
  return { ...quota, running, waiting };
}

function ask(app: FastifyInstance, headers = ann) {
  return app.inject({ url: "/", headers });
}

describe.each(WAYS)("%s", (way) => {
  test("a request waits for a place, and runs when there is one", async () => {
    const { app, running, waiting, used } = await queueApp(way, { maxWaiting: 10 });
    const first = ask(app);
    await running.until((runs) => runs.length === 1);
    const second = ask(app);
    await waiting(1);
    expect(await used()).toEqual({ requests: 1, runs: 1 });

    running.items[0]?.done.resolve();
    expect((await first).statusCode).toBe(200);
    await running.until((runs) => runs.length === 2);
    expect(await used()).toEqual({ requests: 2, runs: 1 });

    running.items[1]?.done.resolve();
    expect((await second).statusCode).toBe(200);
    expect((await second).headers.ratelimit).toMatch(/"requests";r=98;t=\d+, "runs";r=0/);
    await waiting(0);
  });

  test("other callers do not wait behind it", async () => {
    const { app, running, waiting } = await queueApp(way, { maxWaiting: 10 });
    const all = [ask(app), ask(app)];
    await waiting(1);
    all.push(ask(app, bob));
    await running.find(({ caller }) => caller === "bob");
    for (const { done } of running.items) done.resolve();
    await running.until((runs) => runs.length === 3);
    running.items[2]?.done.resolve();
    expect((await Promise.all(all)).map(({ statusCode }) => statusCode)).toEqual([200, 200, 200]);
  });

  test("who has waited in vain gets the 429 of the policy", async () => {
    const { app, running } = await queueApp(way, { maxWaiting: 10, maxWaitMs: 20 });
    const first = ask(app);
    await running.until((runs) => runs.length === 1);

    const late = await ask(app);

    expect(late.statusCode).toBe(429);
    expect(late.json()).toMatchObject({ code: "QUOTA_EXCEEDED", "violated-policies": ["runs"] });
    expect(Number(late.headers["retry-after"])).toBeGreaterThan(0);
    running.items[0]?.done.resolve();
    await first;
  });

  test("a caller whose own requests fill its part of the queue gets the 429 of the policy", async () => {
    const { app, running, waiting } = await queueApp(way, {
      maxWaiting: 10,
      maxWaitingPerCaller: 1,
    });
    const all = [ask(app), ask(app)];
    await waiting(1);
    expect((await ask(app)).statusCode).toBe(429);
    running.items[0]?.done.resolve();
    await running.until((runs) => runs.length === 2);
    running.items[1]?.done.resolve();
    await Promise.all(all);
  });

  test("a full queue is the server's fault: a 503 that says so", async () => {
    const { app, running, waiting, used } = await queueApp(way, {
      maxWaiting: 1,
      maxWaitMs: 7_000,
    });
    const all = [ask(app), ask(app)];
    await waiting(1);

    const full = await ask(app);

    expect(full.statusCode).toBe(503);
    expect(full.headers["content-type"]).toContain("application/problem+json");
    expect(full.json()).toMatchObject({
      type: "https://iana.org/assignments/http-problem-types#temporary-reduced-capacity",
      code: "QUOTA_BUSY",
      detail: "The server has no room for this at the moment.",
    });
    expect(full.headers).toMatchObject({ "retry-after": "7", "retry-after-ms": "7000" });
    expect(await used()).toEqual({ requests: 1, runs: 1 });
    running.items[0]?.done.resolve();
    await running.until((runs) => runs.length === 2);
    running.items[1]?.done.resolve();
    await Promise.all(all);
  });

  test("a client that leaves the queue is charged nothing, and the next one moves up", async () => {
    const { app, running, waiting, used } = await queueApp(way, { maxWaiting: 10 });
    const origin = await listen(app);
    const first = await openExchange(origin, { headers: ann });
    await running.until((runs) => runs.length === 1);
    const second = await openExchange(origin, { headers: ann });
    await waiting(1);
    const third = await openExchange(origin, { headers: ann });
    await waiting(2);

    second.destroy();
    await waiting(1);
    running.items[0]?.done.resolve();
    expect(await first.wholeBody()).toBe("done");
    await running.until((runs) => runs.length === 2);
    running.items[1]?.done.resolve();

    expect(await third.wholeBody()).toBe("done");
    await eventually(used).toEqual({ requests: 2, runs: 0 });
  });

  test("a server that closes does not wait for those who wait", async () => {
    const { app, running, waiting } = await queueApp(way, { maxWaiting: 10, maxWaitMs: 600_000 });
    const origin = await listen(app);
    const headers = { ...ann, connection: "close" };
    const first = await openExchange(origin, { headers });
    await running.until((runs) => runs.length === 1);
    const second = await openExchange(origin, { headers });
    await waiting(1);

    const closed = app.close();
    expect((await second.head()).status).toBe(429);
    running.items[0]?.done.resolve();
    expect(await first.wholeBody()).toBe("done");
    await closed;
  });

  test("a client that has gone before the store has answered does not get in line", async () => {
    const asked = createRecorder<Deferred<void>>();
    let waits = false;
    const memory = memoryStore();
    const decide: Store["decide"] = memory.decide.bind(memory);
    const store: Store = Object.assign(memory, {
      async decide(...question: Parameters<Store["decide"]>) {
        const answer = createDeferred();
        if (waits) {
          asked.record(answer);
          await answer.promise;
        }
        return await decide(...question);
      },
    });
    const settled = createRecorder<string>();
    const watcher = defineLayer({
      name: "watcher",
      place: "observe",
      setup: () => ({ onSettled: (_request, _reply, outcome) => settled.record(outcome) }),
    });
    const { app } = await quotaApp(
      way,
      {
        policies: { runs: { counts: "runs", limit: 1 } },
        queue: { maxWaiting: 10, maxWaitMs: 60_000 },
        store,
      },
      {},
      watcher,
    );
    const done = createDeferred();
    app.get("/", { config: { quota: true } }, async () => await done.promise);
    const origin = await listen(app);
    const first = ask(app);
    await eventually(() => app.quota.state().open).toBe(1);

    waits = true;
    const second = await openExchange(origin, { headers: ann });
    await asked.until((questions) => questions.length === 1);
    second.destroy();
    await settled.until((ends) => ends.length === 1);
    waits = false;
    asked.items[0]?.resolve();
    // Whoever asks now has been preceded by all that came of the answer.
    await app.quota.usage({ principal: "test:ann" });
    expect(app.quota.state().waiting).toBe(0);
    done.resolve();
    await first;
  });

  test("who lacks more than a place does not wait behind those who lack nothing else", async () => {
    const { app } = await quotaApp(way, {
      policies: {
        requests: { counts: "requests", limit: 1, per: "hour" },
        runs: { counts: "runs", limit: 1, by: "server" },
      },
      queue: { maxWaiting: 10 },
    });
    const done = createDeferred();
    app.get("/", { config: { quota: true } }, async () => await done.promise);
    const all = [ask(app)];
    await eventually(() => app.quota.state().open).toBe(1);
    all.push(ask(app, bob));
    await eventually(() => app.quota.state().waiting).toBe(1);

    const spent = await ask(app);
    expect(spent.statusCode).toBe(429);
    expect(spent.json()["violated-policies"]).toEqual(["requests"]);
    expect(app.quota.state().waiting).toBe(1);
    done.resolve();
    expect((await Promise.all(all)).map(({ statusCode }) => statusCode)).toEqual([200, 200]);
  });

  test("what is used up over time is refused at once, queue or not", async () => {
    const { app, store } = await quotaApp(way, {
      policies: {
        requests: { counts: "requests", limit: 1, per: "hour" },
        runs: { counts: "runs", limit: 5 },
      },
      queue: { maxWaiting: 10 },
    });
    app.get("/", { config: { quota: true } }, () => "done");
    expect((await ask(app)).statusCode).toBe(200);
    expect((await ask(app)).statusCode).toBe(429);
    expect(app.quota.state().waiting).toBe(0);
    expect(store.partitioned).toBe(false);
  });
});

test("a limit of everybody together is the server's: a 503, of which callers are told no numbers", async () => {
  const { app, running } = await queueApp("in line", false, "server");
  const first = ask(app);
  await running.until((runs) => runs.length === 1);

  const refused = await ask(app, bob);

  expect(refused.statusCode).toBe(503);
  expect(refused.json()).toMatchObject({ code: "QUOTA_BUSY", "violated-policies": [] });
  expect(refused.headers.ratelimit).not.toContain("runs");
  expect(refused.headers["ratelimit-policy"]).not.toContain("runs");
  running.items[0]?.done.resolve();
  expect((await first).statusCode).toBe(200);
});
