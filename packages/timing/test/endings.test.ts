import { Readable } from "node:stream";
import { createApp, KINDS } from "@enfilade/line-testing";
import {
  createDeferred,
  createRecorder,
  listen,
  openExchange,
  openWebSocket,
  pieces,
} from "@enfilade/testing";
import websocket from "@fastify/websocket";
import type { FastifyInstance } from "fastify";
import { describe, expect, it } from "vitest";
import { type TimingReport, timing } from "../src/index.ts";
import { timedApp } from "./apps.ts";

/** An app whose reports are recorded together with the address of their request. */
async function reporting() {
  const reports = createRecorder<TimingReport & { url: string }>();
  const app = await timedApp({
    onTimed: (request, report) => reports.record({ url: request.url, ...report }),
  });
  return { app, reports };
}

/** Streams one piece, waits until the test lets it go on, and streams another. */
function streamOf(app: FastifyInstance) {
  const rest = createDeferred<string>();
  app.get("/run", (_request, reply) => reply.send(Readable.from(pieces("first ", rest.promise))));
  return rest;
}

describe("onTimed", () => {
  it("is called once for every kind of response", async () => {
    const { app, reports } = await reporting();
    const origin = await listen(app);
    const paths: string[] = [];
    for (const [, request] of KINDS) {
      await (await openExchange(origin, request)).wholeBody();
      paths.push(request.path);
      await reports.until((all) => all.length === paths.length);
    }
    expect(reports.items.map(({ url }) => url)).toEqual(paths);
    for (const { outcome, headersMs, totalMs } of reports.items) {
      expect(outcome).toBe("completed");
      expect(headersMs).toBeGreaterThanOrEqual(0);
      expect(totalMs).toBeGreaterThanOrEqual(headersMs ?? Number.NaN);
    }
  });

  it("tells headers, first byte and end of a stream apart", async () => {
    const { app, reports } = await reporting();
    const rest = streamOf(app);
    const exchange = await openExchange(await listen(app), { path: "/run" });
    await exchange.bodyUntil("first");
    const arrivedAt = performance.now();
    // The first byte is out. Time passes until the second piece: none of it may count as waiting for the first.
    while (performance.now() < arrivedAt + 5);
    rest.resolve("last");
    await exchange.wholeBody();
    const { headersMs, firstByteMs, totalMs } = await reports.find(() => true);
    expect(firstByteMs).toBeGreaterThanOrEqual(headersMs ?? Number.NaN);
    expect(totalMs).toBeGreaterThanOrEqual((firstByteMs ?? Number.NaN) + 5);
  });

  it("tells of an abort before the reply, which has no headers", async () => {
    const { app, reports } = await reporting();
    const reached = createDeferred();
    const release = createDeferred();
    app.get("/slow", async () => {
      reached.resolve();
      await release.promise;
      return "";
    });
    const exchange = await openExchange(await listen(app), { path: "/slow" });
    await reached.promise;
    exchange.destroy();
    const report = await reports.find(() => true);
    release.resolve();
    expect(report).toMatchObject({
      outcome: "aborted",
      headersMs: undefined,
      totalMs: expect.any(Number),
    });
  });

  it("tells of an abort in the middle of a stream", async () => {
    const { app, reports } = await reporting();
    const rest = streamOf(app);
    const exchange = await openExchange(await listen(app), { path: "/run" });
    await exchange.bodyUntil("first");
    exchange.destroy();
    const report = await reports.find(() => true);
    rest.resolve("last");
    expect(report.outcome).toBe("aborted");
    expect(report.firstByteMs).toBeGreaterThanOrEqual(report.headersMs ?? Number.NaN);
  });

  it("tells of a stream that the server broke off", async () => {
    const { app, reports } = await reporting();
    app.get("/broken", (_request, reply) => {
      const work = async function* () {
        yield "first";
        throw new Error("no more");
      };
      reply.send(Readable.from(work()));
    });
    const exchange = await openExchange(await listen(app), { path: "/broken" });
    await exchange.closed();
    expect(await reports.find(() => true)).toMatchObject({ outcome: "errored" });
  });

  it("tells of an upgraded connection when it closes; the upgrade itself carries no header", async () => {
    const reports = createRecorder<TimingReport>();
    const app = await createApp();
    await app.register(timing, { onTimed: (_request, report) => reports.record(report) });
    await app.register(websocket);
    app.get("/socket", { websocket: true }, (socket) => {
      socket.on("message", (message) => socket.send(message.toString()));
    });
    const socket = openWebSocket(await listen(app));
    const opened = new Promise((resolve) => socket.on("open", resolve));
    const head = await new Promise<Record<string, unknown>>((resolve) => {
      socket.on("upgrade", ({ headers }) => resolve(headers));
    });
    expect(head).not.toHaveProperty("x-process-time-ms");
    expect(head).not.toHaveProperty("server-timing");
    await opened;
    expect(reports.items).toEqual([]);
    socket.close();
    expect(await reports.find(() => true)).toMatchObject({
      outcome: "completed",
      headersMs: undefined,
      totalMs: expect.any(Number),
    });
  });

  it("puts nothing on interim responses", async () => {
    const app = await timedApp();
    app.get("/hints", (_request, reply) => {
      reply.raw.writeEarlyHints({ link: "</style.css>; rel=preload" });
      reply.send("done");
    });
    const exchange = await openExchange(await listen(app), {
      path: "/hints",
      headers: { connection: "close" },
    });
    let received = "";
    exchange.socket.on("data", (chunk: Buffer) => {
      received += chunk.toString();
    });
    await exchange.closed();
    const [interim = "", final = ""] = received.split("HTTP/1.1 200");
    expect(interim).toContain("103 Early Hints");
    expect(interim.toLowerCase()).not.toContain("timing");
    expect(final.toLowerCase()).toContain("server-timing: headers;dur=");
  });

  it("puts nothing on an upgrade that a handler writes by itself", async () => {
    const app = await timedApp();
    app.get("/switch", (_request, reply) => {
      reply.hijack();
      reply.raw.writeHead(101, { upgrade: "echo", connection: "upgrade" });
      reply.raw.end();
    });
    const exchange = await openExchange(await listen(app), { path: "/switch" });
    const received = createRecorder<string>();
    exchange.socket.on("data", (chunk: Buffer) => received.record(chunk.toString()));
    const head = await received.find((text) => text.includes("101"));
    expect(head.toLowerCase()).not.toContain("timing");
  });

  it("may fail without harm: the exchange is over, and the failure is logged", async () => {
    const app = await createApp();
    const errors = createRecorder<unknown>();
    await app.register(timing, {
      onTimed: async () => {
        throw new Error("metrics are down");
      },
    });
    app.addHook("onRequest", async (request) => {
      request.log = { ...request.log, error: (fields: unknown) => errors.record(fields) } as never;
    });
    app.get("/", async () => "fine");
    expect((await app.inject("/")).body).toBe("fine");
    expect(await errors.find(() => true)).toMatchObject({ err: { message: "metrics are down" } });
  });
});

describe("request.timing", () => {
  it("has all times when another layer settles, and some before", async () => {
    const { app, reports } = await reporting();
    const seen: unknown[] = [];
    app.get("/", async ({ timing }) => {
      seen.push([timing.headersMs, timing.totalMs]);
      return "";
    });
    app.addHook("onResponse", async ({ timing }) => {
      seen.push(typeof timing.headersMs);
    });
    await app.inject("/");
    await reports.find(() => true);
    expect(seen).toEqual([[undefined, undefined], "number"]);
  });

  it("turns into JSON as data", async () => {
    const { app } = await reporting();
    app.get("/", async ({ timing }) => {
      timing.span("db").end();
      return JSON.parse(JSON.stringify(timing)) as object;
    });
    expect((await app.inject("/")).json()).toEqual({
      spans: [
        { name: "db", startMs: expect.any(Number), durationMs: expect.any(Number), failed: false },
      ],
      droppedSpans: 0,
    });
  });

  it("works in a hook that runs before the layer, and has no times there", async () => {
    const app = await createApp();
    let early: unknown;
    app.addHook("onRequest", async ({ timing }) => {
      const span = timing.span("early");
      early = [timing.headersMs, span.startMs];
    });
    await app.register(timing);
    app.get("/", async () => "");
    await app.inject("/");
    expect(early).toEqual([undefined, 0]);
  });

  it("is there in a scope and in the scopes below, each with its own settings", async () => {
    const app = await createApp();
    await app.register(async (scope) => {
      await scope.register(timing, { processTimeHeader: "x-inner" });
      scope.get("/inner", async (request) => ({ there: request.timing !== undefined }));
    });
    app.get("/outer", async (request) => ({ there: request.timing !== undefined }));
    const inner = await app.inject("/inner");
    expect(inner.json()).toEqual({ there: true });
    expect(inner.headers).toHaveProperty("x-inner");
    expect((await app.inject("/outer")).json()).toEqual({ there: false });
  });
});
