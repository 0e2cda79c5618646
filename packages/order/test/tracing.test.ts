import { tracingChannel } from "node:diagnostics_channel";
import { setImmediate as immediate } from "node:timers/promises";
import { adopt } from "@enfilade/layer";
import { createDeferred, createRecorder, listen, openExchange } from "@enfilade/testing";
import type { FastifyInstance } from "fastify";
import fastifyPlugin from "fastify-plugin";
import { describe, expect, it, onTestFinished } from "vitest";
import type { LayerTrace } from "../src/index.ts";
import { boot } from "./boot.ts";
import { layer } from "./probes.ts";

type Event = "start" | "end" | "asyncStart" | "asyncEnd" | "error";

interface Heard {
  readonly event: Event;
  readonly trace: LayerTrace;
}

/** Subscribes to the line until the test ends. */
function subscribe(hear: (heard: Heard) => void): void {
  const channel = tracingChannel<string, LayerTrace>("enfilade.layer");
  const on = (event: Event) => (trace: object) => hear({ event, trace: trace as LayerTrace });
  const subscribers = {
    start: on("start"),
    end: on("end"),
    asyncStart: on("asyncStart"),
    asyncEnd: on("asyncEnd"),
    error: on("error"),
  };
  channel.subscribe(subscribers);
  onTestFinished(() => {
    channel.unsubscribe(subscribers);
  });
}

const written = ({ event, trace: { layer, phase } }: Heard) => `${event} ${phase} ${layer}`;

const callingBack = fastifyPlugin(async (app: FastifyInstance) => {
  app.addHook("onRequest", (_request, _reply, done) => setImmediate(done));
  app.addHook("preHandler", (request, _reply, done) =>
    done(request.url === "/fails" ? new Error("called back") : undefined),
  );
  app.addHook("preValidation", async (request) => {
    await immediate();
    if (request.url === "/rejects") throw new Error("rejected");
  });
});

describe("a subscriber of enfilade.layer", () => {
  it("is told of the start and the end of each layer's hooks, in the order of their running", async () => {
    const heard: Heard[] = [];
    subscribe((one) => heard.push(one));
    const app = await boot([
      (app) =>
        app.register(
          layer("sync", "gate", { onRequest() {}, onSend: (_request, _reply, payload) => payload }),
        ),
      (app) => app.register(layer("async", "spend", { onRequest: () => immediate() })),
      (app) => app.get("/", async () => "hello"),
    ]);
    await app.inject("/");
    expect(heard.map(written)).toEqual([
      "start onRequest sync",
      "end onRequest sync",
      "start onRequest async",
      "end onRequest async",
      "asyncStart onRequest async",
      "asyncEnd onRequest async",
      "start onSend sync",
      "end onSend sync",
    ]);
    expect(heard[0]?.trace).toMatchObject({ layer: "sync", scope: "root", phase: "onRequest" });
    expect(heard.at(-1)?.trace.result).toBe("hello");
  });

  it("is given one object from the start of a hook to its end, with the request and the reply", async () => {
    const heard: Heard[] = [];
    subscribe((one) => heard.push(one));
    const seen: unknown[] = [];
    const app = await boot([
      (app) =>
        app.register(
          layer("noting", "gate", {
            async onRequest(request, reply) {
              seen.push(request, reply);
            },
          }),
        ),
      (app) => app.get("/", async () => "hello"),
    ]);
    await app.inject("/");
    const [first] = heard;
    expect(heard.map(({ trace }) => trace === first?.trace)).toEqual([true, true, true, true]);
    expect([first?.trace.request, first?.trace.reply]).toEqual(seen);
  });

  it("is told of what hooks throw, at once or later", async () => {
    const heard: Heard[] = [];
    subscribe((one) => heard.push(one));
    const app = await boot([
      (app) =>
        app.register(
          layer("failing", "gate", {
            onRequest() {
              throw new Error("thrown");
            },
          }),
        ),
      (app) =>
        app.register(async (child) => {
          child.order.skip("failing");
          child.register(
            layer("later", "gate", {
              async onRequest() {
                await immediate();
                throw new Error("rejected");
              },
            }),
          );
          child.get("/later", async () => "hello");
        }),
      (app) => app.get("/", async () => "hello"),
    ]);
    expect((await app.inject("/")).json().message).toBe("thrown");
    expect((await app.inject("/later")).json().message).toBe("rejected");
    expect(heard.map((one) => [written(one), (one.trace.error as Error).message])).toEqual([
      ["start onRequest failing", "thrown"],
      ["error onRequest failing", "thrown"],
      ["end onRequest failing", "thrown"],
      ["start onRequest later", "rejected"],
      ["end onRequest later", "rejected"],
      ["error onRequest later", "rejected"],
      ["asyncStart onRequest later", "rejected"],
      ["asyncEnd onRequest later", "rejected"],
    ]);
  });

  it("is told of adopted hooks, whether they call back or return a promise", async () => {
    const heard: Heard[] = [];
    subscribe((one) => heard.push(one));
    const app = await boot([
      (app) => app.register(adopt(callingBack, { name: "foreign", place: "gate" })),
      (app) => app.get("/fails", async () => "hello"),
      (app) => app.get("/rejects", async () => "hello"),
    ]);
    expect((await app.inject("/fails")).json().message).toBe("called back");
    expect(heard.map(written)).toEqual([
      "start onRequest foreign",
      "end onRequest foreign",
      "asyncStart onRequest foreign",
      // What follows a callback happens inside it.
      "start preValidation foreign",
      "end preValidation foreign",
      "asyncEnd onRequest foreign",
      "asyncStart preValidation foreign",
      "asyncEnd preValidation foreign",
      // A hook that calls back at once does so before it has returned.
      "start preHandler foreign",
      "error preHandler foreign",
      "asyncStart preHandler foreign",
      "asyncEnd preHandler foreign",
      "end preHandler foreign",
    ]);
    heard.length = 0;
    expect((await app.inject("/rejects")).json().message).toBe("rejected");
    expect(heard.map(written)).toContain("error preValidation foreign");
  });

  it("is told of the phases that the exchange runs by itself, and of an abort, which has no reply", async () => {
    const heard = createRecorder<Heard>();
    const arrived = createDeferred();
    subscribe((one) => heard.record(one));
    const app = await boot([
      (app) =>
        app.register(
          layer("ending", "observe", { onRequestAbort() {}, onHeaders() {}, async onSettled() {} }),
        ),
      (app) => app.get("/", async () => "hello"),
      (app) =>
        app.get("/never", () => {
          arrived.resolve();
          return new Promise(() => {});
        }),
    ]);
    await app.inject("/");
    expect(heard.items.map(written)).toEqual([
      "start onHeaders ending",
      "end onHeaders ending",
      "start onSettled ending",
      "end onSettled ending",
      "asyncStart onSettled ending",
      "asyncEnd onSettled ending",
    ]);
    const origin = await listen(app);
    const exchange = await openExchange(origin, { path: "/never" });
    await arrived.promise;
    exchange.destroy();
    const aborted = await heard.find(({ trace }) => trace.phase === "onRequestAbort");
    expect(aborted.trace.request).toMatchObject({ url: "/never" });
    expect(aborted.trace.reply).toBeUndefined();
  });
});

describe("without a subscriber", () => {
  const where = layer("where", "gate", {
    onRequest(_request, reply) {
      reply.header("x-traced", String(new Error("here").stack?.includes("tracing.ts")));
    },
  });

  it("hooks are called directly, and wrapped only while somebody listens", async () => {
    const app = await boot([
      (app) => app.register(where),
      (app) => app.get("/", async () => "hello"),
    ]);
    const traced = async () => (await app.inject("/")).headers["x-traced"];
    expect(await traced()).toBe("false");

    const channel = tracingChannel<string, LayerTrace>("enfilade.layer");
    const subscribers = { start() {}, end() {}, asyncStart() {}, asyncEnd() {}, error() {} };
    channel.subscribe(subscribers);
    expect(await traced()).toBe("true");
    channel.unsubscribe(subscribers);
    expect(await traced()).toBe("false");
  });
});
