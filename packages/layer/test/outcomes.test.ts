import { Readable } from "node:stream";
import {
  createDeferred,
  createLogLines,
  type Exchange,
  listen,
  openExchange,
} from "@enfilade/testing";
import type { FastifyInstance } from "fastify";
import { describe, expect, it } from "vitest";
import { createApp, layer, outcomesOf, pieces, watchEndings } from "./support.ts";

/** A route that never answers by itself, and tells when it was reached. */
function neverAnswers(app: FastifyInstance): Promise<void> {
  const reached = createDeferred();
  app.route({
    method: ["GET", "POST"],
    url: "/never",
    handler() {
      reached.resolve();
      return new Promise(() => {});
    },
  });
  return reached.promise;
}

const json = { "content-type": "application/json" };

describe("completed is what was delivered whole", () => {
  it.each([
    ["a reply", "/reply", 200],
    ["an empty reply", "/empty", 204],
    ["a stream", "/stream", 200],
    ["a web Response", "/web", 200],
    ["an error", "/error", 500],
    ["a stream that failed before its headers, which ends as an error", "/early", 500],
    ["what is not found", "/nowhere", 404],
    ["a hijacked reply that the handler ends", "/hijacked", 200],
    ["a handler that takes too long, and is answered for", "/slow", 503],
  ])("%s", async (_what, path, status) => {
    const app = createApp();
    const endings = await watchEndings(app);
    app.get("/reply", async () => ({ ok: true }));
    app.get("/empty", (_request, reply) => reply.code(204).send());
    app.get("/stream", (_request, reply) => reply.send(Readable.from(["a", "b"])));
    app.get("/web", () => new Response("web"));
    app.get("/error", async () => Promise.reject(new Error("on purpose")));
    app.get("/early", (_request, reply) => reply.send(failing(new Error("no file"))));
    app.get("/hijacked", (_request, reply) => {
      reply.hijack();
      reply.raw.end("mine");
    });
    app.get("/slow", { handlerTimeout: 10 }, () => new Promise(() => {}));
    const response = await fetch((await listen(app)) + path);
    await response.text();
    expect(response.status).toBe(status);
    expect(await outcomesOf(app, endings)).toEqual(["completed"]);
  });

  it("with inject, where there is no connection", async () => {
    const app = createApp();
    const endings = await watchEndings(app);
    app.get("/", async () => "hello");
    app.get("/stream", (_request, reply) => reply.send(Readable.from(["a", "b"])));
    app.get("/hijacked", (_request, reply) => {
      reply.hijack();
      reply.raw.end("mine");
    });
    for (const url of ["/", "/stream", "/hijacked", "/nowhere"]) await app.inject(url);
    expect(await outcomesOf(app, endings, 4)).toEqual(Array(4).fill("completed"));
  });

  it("for each of several requests on one connection, once each", async () => {
    const app = createApp();
    const endings = await watchEndings(app);
    app.get("/:id", async () => "hello");
    const exchange = await openExchange(await listen(app), { path: "/1" });
    await exchange.wholeBody();
    for (const id of [2, 3]) {
      exchange.write(`GET /${id} HTTP/1.1\r\nhost: local\r\n\r\n`);
      await endings.until(({ length }) => length === id);
    }
    expect(await outcomesOf(app, endings, 3)).toEqual(Array(3).fill("completed"));
    expect(endings.items.map(({ url }) => url)).toEqual(["/1", "/2", "/3"]);
  });
});

describe("aborted is what the client went away from", () => {
  const ways: [string, (exchange: Exchange) => void][] = [
    ["closing the connection", (exchange) => exchange.destroy()],
    ["closing its half of it", (exchange) => exchange.halfClose()],
    ["resetting it", (exchange) => exchange.reset()],
  ];

  it.each(ways)("before the reply, by %s, its body read in full", async (_way, leave) => {
    const app = createApp();
    const endings = await watchEndings(app);
    const reached = neverAnswers(app);
    const body = JSON.stringify({ prompt: "hello" });
    const exchange = await openExchange(await listen(app), { path: "/never", headers: json, body });
    await reached;
    leave(exchange);
    expect(await outcomesOf(app, endings)).toEqual(["aborted"]);
    expect(endings.items[0]?.headed).toBe(false);
  });

  it.each(ways)("before the reply to a GET, by %s", async (_way, leave) => {
    const app = createApp();
    const endings = await watchEndings(app);
    const reached = neverAnswers(app);
    const exchange = await openExchange(await listen(app), { path: "/never" });
    await reached;
    leave(exchange);
    expect(await outcomesOf(app, endings)).toEqual(["aborted"]);
  });

  it.each(ways)("in the middle of a stream, by %s", async (_way, leave) => {
    const app = createApp();
    const endings = await watchEndings(app);
    const never = new Promise<string>(() => {});
    app.get("/", (_request, reply) => reply.send(Readable.from(pieces("first", never))));
    const exchange = await openExchange(await listen(app));
    await exchange.bodyUntil("first");
    leave(exchange);
    expect(await outcomesOf(app, endings)).toEqual(["aborted"]);
    expect(endings.items[0]?.headed).toBe(true);
  });

  it.each(ways)("in the middle of a hijacked reply, by %s", async (_way, leave) => {
    const app = createApp();
    const endings = await watchEndings(app);
    app.get("/", (_request, reply) => {
      reply.hijack();
      reply.raw.write("first");
    });
    const exchange = await openExchange(await listen(app));
    await exchange.bodyUntil("first");
    leave(exchange);
    expect(await outcomesOf(app, endings)).toEqual(["aborted"]);
  });

  it("before its body had arrived", async () => {
    const app = createApp();
    const endings = await watchEndings(app);
    const reached = createDeferred();
    app.addHook("preParsing", async () => reached.resolve());
    app.post("/", async () => "never");
    const exchange = await openExchange(await listen(app), {
      headers: { ...json, "content-length": "100" },
      body: "{",
    });
    await reached.promise;
    exchange.destroy();
    expect(await outcomesOf(app, endings)).toEqual(["aborted"]);
  });

  it("while a second request waited behind the first on the same connection: both", async () => {
    const app = createApp();
    const endings = await watchEndings(app);
    const both = createDeferred();
    let reached = 0;
    app.get("/:id", () => {
      reached += 1;
      if (reached === 2) both.resolve();
      return new Promise(() => {});
    });
    const exchange = await openExchange(await listen(app), { path: "/1" });
    exchange.write("GET /2 HTTP/1.1\r\nhost: local\r\n\r\n");
    await both.promise;
    exchange.destroy();
    expect(await outcomesOf(app, endings, 2)).toEqual(["aborted", "aborted"]);
  });
});

describe("errored is what the server broke off", () => {
  it("a stream that fails after its headers", async () => {
    const app = createApp();
    const endings = await watchEndings(app);
    const failure = createDeferred<string>();
    app.get("/", (_request, reply) => reply.send(Readable.from(pieces("first", failure.promise))));
    const exchange = await openExchange(await listen(app));
    await exchange.bodyUntil("first");
    failure.reject(new Error("no more"));
    await exchange.closed();
    expect(await outcomesOf(app, endings)).toEqual(["errored"]);
  });

  it("a web stream that fails after its headers", async () => {
    const app = createApp();
    const endings = await watchEndings(app);
    const failure = createDeferred<string>();
    app.get("/", (_request, reply) => {
      const stream = new ReadableStream<string>({
        async start(controller) {
          controller.enqueue("first");
          await failure.promise.catch((error: unknown) => controller.error(error));
        },
      });
      return reply.send(stream.pipeThrough(new TextEncoderStream()));
    });
    const exchange = await openExchange(await listen(app));
    await exchange.bodyUntil("first");
    failure.reject(new Error("no more"));
    await exchange.closed();
    expect(await outcomesOf(app, endings)).toEqual(["errored"]);
  });

  it("a hijacked reply that the handler destroys", async () => {
    const app = createApp();
    const endings = await watchEndings(app);
    app.get("/", (_request, reply) => {
      reply.hijack();
      reply.raw.write("first", () => reply.raw.destroy());
    });
    await (await openExchange(await listen(app))).closed();
    expect(await outcomesOf(app, endings)).toEqual(["errored"]);
  });

  it("a connection that was idle for too long", async () => {
    const app = createApp({ connectionTimeout: 50 });
    const endings = await watchEndings(app);
    void neverAnswers(app);
    await (await openExchange(await listen(app), { path: "/never" })).closed();
    expect(await outcomesOf(app, endings)).toEqual(["errored"]);
  });

  it("a stream that has begun when the time limit of its handler is up", async () => {
    const app = createApp();
    const endings = await watchEndings(app);
    const never = new Promise<string>(() => {});
    app.get("/", { handlerTimeout: 50 }, (_request, reply) =>
      reply.send(Readable.from(pieces("first", never))),
    );
    await (await openExchange(await listen(app))).closed();
    expect(await outcomesOf(app, endings)).toEqual(["errored"]);
    expect(endings.items[0]?.headed).toBe(true);
  });

  it("a connection that a closing app cuts", async () => {
    const app = createApp({ forceCloseConnections: true });
    const endings = await watchEndings(app);
    const reached = neverAnswers(app);
    await openExchange(await listen(app), { path: "/never" });
    await reached;
    await app.close();
    expect(endings.items.map(({ outcome }) => outcome)).toEqual(["errored"]);
  });
});

describe("onSettled", () => {
  it("may take its time: closing the app waits for it", async () => {
    const app = createApp();
    const release = createDeferred();
    const order: string[] = [];
    await app.register(
      layer({
        async onSettled() {
          await release.promise;
          order.push("settled");
        },
      }),
    );
    app.get("/", async () => "hello");
    await app.inject("/");
    const closed = app.close().then(() => order.push("closed"));
    release.resolve();
    await closed;
    expect(order).toEqual(["settled", "closed"]);
  });

  it.each(["at once", "later"])(
    "that throws %s is logged, and keeps no other from running",
    async (when) => {
      const log = createLogLines();
      const app = createApp({ logger: { level: "error", stream: log.stream } });
      const outcomes: string[] = [];
      await app.register(
        layer({ onSettled: (_request, _reply, outcome) => void outcomes.push(outcome) }, "outer"),
      );
      await app.register(
        layer(
          {
            onSettled() {
              if (when === "at once") throw new Error("on purpose");
              return Promise.reject(new Error("on purpose"));
            },
          },
          "inner",
        ),
      );
      app.get("/", async () => "hello");
      expect((await app.inject("/")).statusCode).toBe(200);
      await app.close();
      expect(outcomes).toEqual(["completed"]);
      expect(log.items).toMatchObject([
        { msg: "a layer failed in onSettled", err: { message: "on purpose" } },
      ]);
    },
  );
});

function failing(error: Error): Readable {
  return new Readable({
    read() {
      this.destroy(error);
    },
  });
}
