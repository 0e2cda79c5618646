import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { PassThrough } from "node:stream";
import Fastify from "fastify";
import { describe, expect, it, onTestFinished } from "vitest";
import { createDeferred, createRecorder, listen, openExchange } from "../src/index.ts";

async function serve(server: Server): Promise<string> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

describe("an exchange", () => {
  it("hands out status, headers and payload of an ordinary response", async () => {
    const app = Fastify();
    app.get("/hello", (_request, reply) => {
      reply.header("set-cookie", ["a=1", "b=2"]).code(201).send({ hello: "world" });
    });
    const exchange = await openExchange(await listen(app), { path: "/hello" });
    const head = await exchange.head();
    expect(head.status).toBe(201);
    expect(head.header("Content-Type")).toContain("application/json");
    expect(head.headers.get("set-cookie")).toEqual(["a=1", "b=2"]);
    expect(JSON.parse(await exchange.wholeBody())).toEqual({ hello: "world" });
  });

  it("sends a body with its length, and keeps the headers as they were given", async () => {
    const app = Fastify();
    app.post("/", async (request) => ({ body: request.body, host: request.headers.host }));
    const exchange = await openExchange(await listen(app), {
      headers: { host: "example.test", "content-type": "text/plain" },
      body: "grüße",
    });
    expect(JSON.parse(await exchange.wholeBody())).toEqual({ body: "grüße", host: "example.test" });
  });

  it("reads a stream as far as it has come, then goes away, and the server sees it", async () => {
    const app = Fastify();
    const events = createRecorder<string>();
    const stream = new PassThrough();
    app.get("/", (request, reply) => {
      request.raw.on("aborted", () => events.record("aborted"));
      stream.on("close", () => events.record("stream closed"));
      reply.header("content-type", "text/event-stream").send(stream);
      stream.write("data: one\n\n");
    });
    const exchange = await openExchange(await listen(app));
    expect(await exchange.bodyUntil("data: one\n\n")).toBe("data: one\n\n");
    stream.write("data: two\n\n");
    expect((await exchange.bodyBytes(22)).toString()).toBe("data: one\n\ndata: two\n\n");
    exchange.destroy();
    await events.find((event) => event === "stream closed");
    expect(await exchange.closed()).toBe("data: one\n\ndata: two\n\n");
  });

  it("tells a payload cut short from a whole one", async () => {
    const release = createDeferred();
    const origin = await serve(
      createServer(async (_request, response) => {
        response.write("half");
        await release.promise;
        response.destroy();
      }),
    );
    const exchange = await openExchange(origin);
    await exchange.bodyUntil("half");
    const whole = exchange.wholeBody();
    release.resolve();
    await expect(whole).rejects.toThrow("closed before the end of the payload came");
    expect(await exchange.closed()).toBe("half");
  });

  it("can half-close and still read the response", async () => {
    const release = createDeferred();
    const server = createServer(async (request, response) => {
      request.resume();
      await release.promise;
      response.end("still here");
    });
    // Node answers a half-closed client only when it is told to.
    Object.assign(server, { httpAllowHalfOpen: true });
    const exchange = await openExchange(await serve(server));
    exchange.halfClose();
    release.resolve();
    expect(await exchange.wholeBody()).toBe("still here");
  });

  it("can send a body in parts, and reset the connection in the middle of it", async () => {
    const errors = createRecorder<string>();
    const origin = await serve(
      createServer((request) => {
        request.on("data", (chunk: Buffer) => errors.record(chunk.toString()));
        request.on("error", (error: NodeJS.ErrnoException) => errors.record(error.code ?? "?"));
      }),
    );
    const exchange = await openExchange(origin, {
      method: "POST",
      headers: { "content-length": "100" },
    });
    exchange.write("part");
    await errors.find((item) => item === "part");
    exchange.reset();
    expect(await errors.find((item) => item !== "part")).toBe("ECONNRESET");
  });

  it("passes over informational responses", async () => {
    const origin = await serve(
      createServer((_request, response) => {
        response.writeEarlyHints({ link: "</style.css>; rel=preload" });
        response.end("final");
      }),
    );
    const exchange = await openExchange(origin);
    expect((await exchange.head()).status).toBe(200);
    expect(await exchange.wholeBody()).toBe("final");
  });

  it("knows that a HEAD response has no payload", async () => {
    const app = Fastify();
    app.get("/", async () => "payload");
    const exchange = await openExchange(await listen(app), { method: "HEAD" });
    expect((await exchange.head()).header("content-length")).toBe("7");
    expect(await exchange.wholeBody()).toBe("");
  });
});
