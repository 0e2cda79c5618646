import { once } from "node:events";
import { Readable } from "node:stream";
import { defineLayer } from "@enfilade/layer";
import {
  concurrency,
  createLimiter,
  memoryStore,
  type Policy,
  type Store,
  strictWindow,
} from "@enfilade/limiter";
import { type AppOptions, WAYS, type Way } from "@enfilade/line-testing";
import {
  createDeferred,
  createRecorder,
  type Exchange,
  listen,
  openExchange,
  openWebSocket,
  type Recorder,
} from "@enfilade/testing";
import websocket from "@fastify/websocket";
import type { FastifyReply, FastifyRequest } from "fastify";
import { describe, expect, test } from "vitest";
import { ann, eventually, quotaApp } from "./support/apps.ts";

const policies = {
  requests: { counts: "requests", limit: 1_000_000, per: "hour" },
  tokens: { counts: "tokens", limit: 1_000_000, per: "hour" },
  runs: { counts: "runs", limit: 1 },
} as const;

type Handler = (request: FastifyRequest, reply: FastifyReply) => unknown;

interface Ending {
  readonly outcome: "completed" | "aborted" | "errored";
  readonly handle: Handler;
  readonly options?: AppOptions;
  /** What the client does once the handler is at work. @defaultValue it reads on */
  readonly client?: (exchange: Exchange) => void | Promise<void>;
}

/** An event stream that goes on until somebody breaks it off. */
function endless(reply: FastifyReply): Readable {
  const stream = new Readable({ read() {} });
  stream.push("data: begun\n\n");
  void reply.type("text/event-stream").send(stream);
  return stream;
}
const forever = () => new Promise(() => {});
const midStream = async (exchange: Exchange, leave: () => void) => {
  await exchange.bodyUntil("begun");
  leave();
};

/** Every way in which an exchange can end. */
const ENDINGS: Readonly<Record<string, Ending>> = {
  "a reply": { outcome: "completed", handle: () => "done" },
  "an error": {
    outcome: "completed",
    handle: () => Promise.reject(new Error("the model has gone")),
  },
  "a stream to its end": {
    outcome: "completed",
    handle: (_request, reply) => reply.send(Readable.from(["data: 1\n\n", "data: 2\n\n"])),
  },
  "a stream that fails after its headers": {
    outcome: "errored",
    handle(_request, reply) {
      const stream = endless(reply);
      setImmediate(() => stream.destroy(new Error("the model has gone")));
      return reply;
    },
  },
  "a client that leaves in the middle of a stream": {
    outcome: "aborted",
    handle: (_request, reply) => void endless(reply),
    client: (exchange) => midStream(exchange, () => exchange.destroy()),
  },
  "a client that resets its connection": {
    outcome: "aborted",
    handle: (_request, reply) => void endless(reply),
    client: (exchange) => midStream(exchange, () => exchange.reset()),
  },
  "a client that leaves before the reply": {
    outcome: "aborted",
    handle: forever,
    client: (exchange) => exchange.destroy(),
  },
  "a hijacked reply that is ended": {
    outcome: "completed",
    handle: (_request, reply) => void reply.hijack().raw.end("done"),
  },
  "a hijacked reply that is destroyed": {
    outcome: "errored",
    handle(_request, reply) {
      reply.hijack();
      reply.raw.write("begun");
      setImmediate(() => reply.raw.destroy());
    },
  },
  "a hijacked reply whose client leaves": {
    outcome: "aborted",
    handle: (_request, reply) => void reply.hijack().raw.write("begun"),
    client: (exchange) => midStream(exchange, () => exchange.destroy()),
  },
  "a handler out of time": {
    outcome: "completed",
    handle: forever,
    options: { handlerTimeout: 30 },
  },
  "a handler out of time in the middle of its stream": {
    outcome: "errored",
    handle(_request, reply) {
      endless(reply);
      return reply;
    },
    options: { handlerTimeout: 30 },
  },
};

interface Settled {
  readonly outcome: string;
  readonly used: Record<string, number>;
}

/** Builds an app whose one route ends in a certain way, and that notes what is used when it has. */
async function endingApp(way: Way, handle: Handler, options: AppOptions = {}) {
  const settled = createRecorder<Settled>();
  const begun = createRecorder<FastifyRequest>();
  const observer = defineLayer({
    name: "observer",
    place: "observe",
    setup: () => ({
      async onSettled(_request, _reply, outcome) {
        settled.record({ outcome, used: await quota.used() });
      },
    }),
  });
  const estimate = () => ({ tokens: 50 });
  const quota = await quotaApp(way, { policies, estimate }, options, observer);
  const { app } = quota;
  app.get("/", { config: { quota: true } }, (request, reply) => {
    begun.record(request);
    return handle(request, reply);
  });
  return { ...quota, settled, begun };
}

describe.each(WAYS)("%s", (way) => {
  describe.each(Object.entries(ENDINGS))("%s", (_name, ending) => {
    test("gives the place back as the exchange ends, and keeps the estimate charged", async () => {
      const { app, settled, begun } = await endingApp(way, ending.handle, ending.options);
      const origin = await listen(app);

      const exchange = await openExchange(origin, { headers: ann });
      await begun.find(() => true);
      await ending.client?.(exchange);

      expect(await settled.find(() => true)).toEqual({
        outcome: ending.outcome,
        used: { requests: 1, tokens: 50, runs: 0 },
      });
      expect(settled.items).toHaveLength(1);
    });

    test("is charged what a handler settles that only finds out afterwards", async () => {
      const late = createDeferred();
      const settlements: Promise<unknown>[] = [];
      const { app, settled, begun, used } = await endingApp(
        way,
        (request, reply) => {
          const { quota } = request;
          settlements.push(late.promise.then(() => quota?.settle({ tokens: 7 })));
          return ending.handle(request, reply);
        },
        ending.options,
      );
      const origin = await listen(app);
      const exchange = await openExchange(origin, { headers: ann });
      await begun.find(() => true);
      await ending.client?.(exchange);
      await settled.find(() => true);

      late.resolve();
      await Promise.all(settlements);

      expect(await used()).toEqual({ requests: 1, tokens: 7, runs: 0 });
    });
  });

  test("the signal of a run aborts when its client leaves, and not when it was answered", async () => {
    const reasons: Recorder<string> = createRecorder();
    const { app, begun, settled } = await endingApp(way, (request, reply) => {
      const signal = request.quota?.signal;
      signal?.addEventListener("abort", () => reasons.record(signal.reason.code));
      if (request.headers["x-stay"] === undefined) endless(reply);
      else void reply.send("done");
      return reply;
    });
    const origin = await listen(app);

    const staying = await openExchange(origin, { headers: { ...ann, "x-stay": "yes" } });
    expect(await staying.wholeBody()).toBe("done");
    await settled.find(() => true);
    expect(begun.items[0]?.quota?.signal.aborted).toBe(false);

    const leaving = await openExchange(origin, { headers: ann });
    await leaving.bodyUntil("begun");
    leaving.destroy();

    expect(await reasons.find(() => true)).toBe("QUOTA_RUN_ABANDONED");
  });

  test("the signal of a run aborts when its handler is out of time, who may be at work all the same", async () => {
    const reasons: Recorder<string> = createRecorder();
    const { app } = await endingApp(
      way,
      (request) => {
        const signal = request.quota?.signal;
        signal?.addEventListener("abort", () => reasons.record(signal.reason.code));
        return forever();
      },
      { handlerTimeout: 30 },
    );
    expect((await app.inject({ url: "/", headers: ann })).statusCode).toBe(503);
    expect(await reasons.find(() => true)).toBe("QUOTA_RUN_ABANDONED");
  });

  test("a run that is detached outlives its exchange, and is over when it says so", async () => {
    const work = createDeferred();
    const ended: Promise<unknown>[] = [];
    const { app, settled, used } = await endingApp(way, (request, reply) => {
      const run = request.quota?.detach();
      ended.push(work.promise.then(() => run?.settle({ tokens: 9 })));
      return reply.code(202).send({ status: "running" });
    });

    expect((await app.inject({ url: "/", headers: ann })).statusCode).toBe(202);
    expect((await settled.find(() => true)).used).toMatchObject({ tokens: 50, runs: 1 });
    expect((await app.inject({ url: "/", headers: ann })).statusCode).toBe(429);

    work.resolve();
    await Promise.all(ended);
    expect(await used()).toMatchObject({ tokens: 9, runs: 0 });
    expect((await app.inject({ url: "/", headers: ann })).statusCode).toBe(202);
  });

  test("a WebSocket holds its place until it is closed", async () => {
    const { app, settled } = await endingApp(way, () => "done");
    await app.register(websocket);
    await app.register(async (scope) => {
      scope.get("/live", { websocket: true, config: { quota: true } }, () => {});
    });
    const origin = await listen(app);
    const open = () => openWebSocket(origin, { path: "/live", headers: ann });

    const first = open();
    await once(first, "open");
    const [, refusal] = await once(open(), "unexpected-response");
    expect(refusal.statusCode).toBe(429);

    first.close();
    const { used } = await settled.find(
      ({ outcome, used }) => outcome === "completed" && used.runs === 0,
    );
    expect(used).toMatchObject({ requests: 1 });
  });

  test("a client that leaves while the store is being asked is charged nothing, and runs nothing", async () => {
    const memory = memoryStore();
    const asked = createRecorder<string>();
    const answer = createDeferred();
    const store: Store = {
      partitioned: true,
      async decide(charges, mode) {
        if (mode === "reserve") {
          asked.record(mode);
          await answer.promise;
        }
        return memory.decide(charges, mode);
      },
      adjust: async (adjustments) => memory.adjust(adjustments),
      renew: async (leases) => memory.renew(leases),
      release: async (leases) => memory.release(leases),
      forget: async (charges) => memory.forget(charges),
    };
    const { app, used } = await quotaApp(way, { policies, store, queue: { maxWaiting: 5 } });
    const handled = createRecorder<string>();
    app.get("/", { config: { quota: true } }, (request) => {
      handled.record(String(request.headers["x-who"]));
      return "done";
    });
    const origin = await listen(app);
    const left = await openExchange(origin, { headers: { ...ann, "x-who": "left" } });
    await asked.until((calls) => calls.length === 1);
    left.destroy();
    const stayed = await openExchange(origin, { headers: { ...ann, "x-who": "stayed" } });
    await asked.until((calls) => calls.length === 2);

    answer.resolve();

    expect(await stayed.wholeBody()).toBe("done");
    expect(handled.items).toEqual(["stayed"]);
    await eventually(used).toEqual({ requests: 1, tokens: 1, runs: 0 });
  });

  test("what is settled too late changes nothing any more: the estimate stands", async () => {
    const gone = createDeferred();
    const late = createRecorder<unknown>();
    const { app, used } = await quotaApp(way, {
      policies,
      estimate: () => ({ tokens: 50 }),
      settleWithinMs: 0,
    });
    app.get("/", { config: { quota: true } }, (request) => {
      const run = request.quota;
      void gone.promise.then(async () => late.record(await run?.settle({ tokens: 7 })));
      return "done";
    });
    await app.inject({ url: "/", headers: ann });
    await eventually(() => app.quota.state().open).toBe(0);

    gone.resolve();

    expect(await late.find(() => true)).toMatchObject({ usage: { tokens: 50 } });
    expect(await used()).toMatchObject({ tokens: 50 });
  });

  test("closing the app settles what is open at its estimate", async () => {
    const { app, store } = await endingApp(way, (request, reply) => {
      request.quota?.detach();
      return reply.send("running");
    });
    await app.inject({ url: "/", headers: ann });

    expect(app.quota.state().open).toBe(1);
    await app.close();

    expect(app.quota.state().open).toBe(0);
    const limiter = createLimiter({ store });
    const peek = async (policy: Policy) => {
      const { verdicts } = await limiter.peek([{ policy, key: "principal:test:ann", cost: 0 }]);
      return verdicts[0]?.remaining;
    };
    expect(await peek(concurrency({ name: "runs", limit: 1 }))).toBe(1);
    expect(await peek(strictWindow({ name: "tokens", limit: 1_000, per: "hour" }))).toBe(950);
  });
});
