import { Readable } from "node:stream";
import { createDeferred, listen, openExchange, pieces } from "@enfilade/testing";
import { describe, expect, it } from "vitest";
import { createApp, neverAnswers, outcomesOf, watchEndings } from "./support.ts";

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

function failing(error: Error): Readable {
  return new Readable({
    read() {
      this.destroy(error);
    },
  });
}
