import { once } from "node:events";
import { connect } from "node:http2";
import { Readable } from "node:stream";
import {
  createDeferred,
  createRecorder,
  listen,
  openExchange,
  openWebSocket,
  pieces,
} from "@enfilade/testing";
import websocket from "@fastify/websocket";
import { describe, expect, it } from "vitest";
import { createLogged } from "./logged.ts";

describe("an exchange has one line", () => {
  it("at the end of its stream, not at the beginning", async () => {
    const { app, log, allLines } = await createLogged();
    const rest = createDeferred<string>();
    app.get("/run", (_request, reply) => reply.send(Readable.from(pieces("first ", rest.promise))));
    const exchange = await openExchange(await listen(app), { path: "/run" });
    await exchange.bodyUntil("first");
    expect(log.items.filter(({ url }) => url === "/run")).toEqual([]);
    rest.resolve("last");
    await exchange.wholeBody();
    const lines = await allLines();
    expect(lines).toMatchObject([{ url: "/run", outcome: "completed", bytesSent: 10 }]);
  });

  it("when the client goes away before the reply: aborted, without a status", async () => {
    const { app, allLines, lineOf } = await createLogged();
    const reached = createDeferred();
    const release = createDeferred();
    const sent = createDeferred();
    app.get("/slow", async () => {
      reached.resolve();
      await release.promise;
      return "too late";
    });
    app.addHook("onSend", async () => sent.resolve());
    const exchange = await openExchange(await listen(app), { path: "/slow" });
    await reached.promise;
    exchange.destroy();
    const line = await lineOf("/slow");
    // What the handler gives now must not make a second line.
    release.resolve();
    await sent.promise;
    expect(line).toMatchObject({
      level: 30,
      outcome: "aborted",
      msg: "exchange aborted",
      address: "127.0.0.1",
      route: "/slow",
    });
    expect(line).not.toHaveProperty("status");
    expect(await allLines()).toHaveLength(1);
  });

  it("when the client goes away while it sends its body", async () => {
    const { app, allLines, lineOf } = await createLogged();
    const received = createDeferred();
    app.post("/upload", async () => "");
    app.addHook("onRequest", async (request) => {
      request.raw.once("data", () => received.resolve());
    });
    const exchange = await openExchange(await listen(app), {
      method: "POST",
      path: "/upload",
      headers: { "content-type": "application/json", "content-length": "1000" },
    });
    exchange.write('{"half":');
    await received.promise;
    exchange.reset();
    expect(await lineOf("/upload")).toMatchObject({ outcome: "aborted", bytesReceived: 8 });
    expect(await allLines()).toHaveLength(1);
  });

  it("when the client goes away in the middle of a stream, at the level for that", async () => {
    const { app, lineOf, allLines } = await createLogged({ abortedLevel: "debug" });
    const rest = createDeferred<string>();
    app.get("/run", (_request, reply) => reply.send(Readable.from(pieces("first ", rest.promise))));
    const exchange = await openExchange(await listen(app), { path: "/run" });
    await exchange.bodyUntil("first");
    exchange.destroy();
    await lineOf("/run");
    const lines = await allLines();
    rest.resolve("last");
    expect(lines).toMatchObject([{ level: 20, outcome: "aborted", status: 200, bytesSent: 6 }]);
    expect(lines[0]).not.toHaveProperty("err");
  });

  it("when the server breaks a stream off: errored, with the error, at the level of faults", async () => {
    const { app, lineOf, allLines } = await createLogged();
    app.get("/broken", (_request, reply) => {
      reply.send(
        Readable.from(
          (async function* () {
            yield "first";
            throw Object.assign(new Error("the model is gone"), { code: "MODEL_GONE" });
          })(),
        ),
      );
    });
    const exchange = await openExchange(await listen(app), { path: "/broken" });
    await exchange.closed();
    await lineOf("/broken");
    const lines = await allLines();
    expect(lines).toMatchObject([
      {
        level: 50,
        outcome: "errored",
        status: 200,
        msg: "exchange errored",
        err: { message: "the model is gone", code: "MODEL_GONE", stack: expect.any(String) },
      },
    ]);
  });

  it("when a raw writer breaks off", async () => {
    const { app, lineOf, allLines } = await createLogged();
    app.get("/raw", (_request, reply) => {
      reply.hijack();
      reply.raw.write("first");
      reply.raw.destroy(new Error("gave up"));
    });
    const exchange = await openExchange(await listen(app), { path: "/raw" });
    await exchange.closed();
    await lineOf("/raw");
    expect(await allLines()).toMatchObject([{ outcome: "errored", err: { message: "gave up" } }]);
  });

  it("when a web stream fails after its headers; nobody tells the reason", async () => {
    const { app, lineOf, allLines } = await createLogged();
    app.get("/web", async () => {
      let pieces = 0;
      return new Response(
        new ReadableStream({
          pull(controller) {
            pieces += 1;
            if (pieces > 1) controller.error(new Error("no more"));
            else controller.enqueue(new TextEncoder().encode("first"));
          },
        }),
      );
    });
    const exchange = await openExchange(await listen(app), { path: "/web" });
    await exchange.closed();
    expect(await lineOf("/web")).not.toHaveProperty("err");
    expect(await allLines()).toMatchObject([{ outcome: "errored", level: 50, status: 200 }]);
  });

  it("when a stream fails before its headers, and an error is sent instead", async () => {
    const { app, allLines } = await createLogged();
    app.get("/missing-file", (_request, reply) => {
      reply.send(new Readable({ read() {}, construct: (done) => done(new Error("no file")) }));
    });
    await (await fetch(`${await listen(app)}/missing-file`)).text();
    expect(await allLines()).toMatchObject([
      { status: 500, outcome: "completed", err: { message: "no file" } },
    ]);
  });

  it("when the handler takes too long", async () => {
    const { app, allLines } = await createLogged();
    app.get("/late", { handlerTimeout: 20 }, async (request) => {
      await once(request.signal, "abort");
      return "late";
    });
    const response = await fetch(`${await listen(app)}/late`);
    expect(response.status).toBe(503);
    expect(await allLines()).toMatchObject([
      { status: 503, outcome: "completed", level: 50, err: { code: "FST_ERR_HANDLER_TIMEOUT" } },
    ]);
  });

  it("when the handler takes too long in the middle of its stream", async () => {
    const { app, lineOf, allLines } = await createLogged();
    const rest = createDeferred<string>();
    app.get("/late", { handlerTimeout: 50 }, (_request, reply) => {
      // Not `reply.send`: that would count as answered, and end the timer.
      reply.raw.writeHead(200);
      Readable.from(pieces("first ", rest.promise)).pipe(reply.raw);
    });
    const exchange = await openExchange(await listen(app), { path: "/late" });
    await exchange.closed();
    await lineOf("/late");
    const lines = await allLines();
    rest.resolve("last");
    expect(lines).toMatchObject([{ status: 200, outcome: "errored", level: 50 }]);
  });

  it("when an upgraded connection closes", async () => {
    const { app, log, allLines } = await createLogged();
    await app.register(websocket);
    app.get("/socket", { websocket: true }, (socket) => {
      socket.on("message", (message) => socket.send(message.toString()));
    });
    const socket = openWebSocket(await listen(app));
    await once(socket, "open");
    socket.send("hello");
    await once(socket, "message");
    expect(log.items.filter(({ url }) => url === "/socket")).toEqual([]);
    socket.close();
    await once(socket, "close");
    await log.find(({ url }) => url === "/socket");
    expect(await allLines()).toMatchObject([
      { method: "GET", route: "/socket", status: 101, outcome: "completed" },
    ]);
  });

  it("when an upgrade is refused", async () => {
    const { app, allLines } = await createLogged();
    await app.register(websocket);
    app.get(
      "/socket",
      { websocket: true, preHandler: async (_request, reply) => reply.code(401).send("no") },
      () => {},
    );
    const socket = openWebSocket(await listen(app));
    await once(socket, "error");
    expect(await allLines()).toMatchObject([{ url: "/socket", status: 401, level: 40 }]);
  });

  it("when a stream of HTTP/2 is reset by the client", async () => {
    const { app, lineOf, allLines } = await createLogged({}, { http2: true });
    const rest = createDeferred<string>();
    app.get("/run", (_request, reply) => reply.send(Readable.from(pieces("first ", rest.promise))));
    const session = connect(await listen(app));
    const stream = session.request({ ":path": "/run" });
    await once(stream, "data");
    // CANCEL (RFC 9113, section 7).
    stream.close(8);
    await lineOf("/run");
    const lines = await allLines();
    rest.resolve("last");
    await new Promise<void>((resolve) => session.close(resolve));
    expect(lines).toMatchObject([{ outcome: "aborted", status: 200, httpVersion: "2.0" }]);
  });
});

describe("what a stream does is left alone", () => {
  it("keeps its backpressure: a full connection says so, and drains", async () => {
    const { app, lineOf } = await createLogged({ bodies: "both" });
    const drained = createDeferred();
    const full = createRecorder<boolean>();
    app.get("/big", (_request, reply) => {
      reply.hijack();
      reply.raw.setHeader("content-type", "application/json");
      full.record(reply.raw.write(Buffer.alloc(8_000_000, "1")));
      reply.raw.once("drain", () => {
        drained.resolve();
        reply.raw.end();
      });
    });
    const exchange = await openExchange(await listen(app), { path: "/big" });
    expect(await full.find(() => true)).toBe(false);
    await drained.promise;
    await exchange.wholeBody();
    const line = await lineOf("/big");
    expect(line).toMatchObject({ bytesSent: 8_000_000, responseBodyTruncated: true });
    expect(line.responseBody).toHaveLength(4096);
  });

  it("stops when its reader stops", async () => {
    const { app, lineOf } = await createLogged({ bodies: "both" });
    let produced = 0;
    const stalled = createDeferred();
    app.get("/endless", (_request, reply) => {
      const source = new Readable({
        read() {
          produced += 65_536;
          this.push(Buffer.alloc(65_536, "x"));
        },
      });
      // `pipe` pauses its source when the connection is full.
      source.once("pause", () => stalled.resolve());
      reply.send(source);
    });
    const exchange = await openExchange(await listen(app), { path: "/endless" });
    await exchange.head();
    exchange.socket.pause();
    await stalled.promise;
    expect(produced).toBeLessThan(64_000_000);
    exchange.socket.resume();
    exchange.destroy();
    expect(await lineOf("/endless")).toMatchObject({ outcome: "aborted" });
  });
});
