import { Readable } from "node:stream";
import { createApp } from "@enfilade/line-testing";
import { createLogLines, listen, requestHttp2 } from "@enfilade/testing";
import Fastify from "fastify";
import { describe, expect, it } from "vitest";
import { requestLog } from "../src/index.ts";
import { createLogged } from "./logged.ts";

const INFO = 30;
const WARN = 40;
const ERROR = 50;

describe("the line", () => {
  it("tells what is known of an exchange, flat, with a field for each thing", async () => {
    const { app, lineOf } = await createLogged();
    app.post("/runs/:id", async () => ({ ok: true }));
    const origin = await listen(app);
    await fetch(`${origin}/runs/7?page=2`, {
      method: "POST",
      headers: { "user-agent": "sdk/1.0", "content-type": "application/json" },
      body: '{"a":1}',
    });
    const line = await lineOf("/runs/7?page=2");
    expect(line).toEqual({
      level: INFO,
      time: expect.any(Number),
      pid: process.pid,
      hostname: expect.any(String),
      reqId: "req-1",
      method: "POST",
      route: "/runs/:id",
      url: "/runs/7?page=2",
      status: 200,
      outcome: "completed",
      headersMs: expect.any(Number),
      totalMs: expect.any(Number),
      bytesReceived: 7,
      bytesSent: 11,
      address: "127.0.0.1",
      userAgent: "sdk/1.0",
      httpVersion: "1.1",
      msg: "exchange completed",
    });
    expect(line.totalMs).toBeGreaterThanOrEqual(line.headersMs as number);
  });

  it("has the request's id once, under the logger's own name", async () => {
    const written: string[] = [];
    const stream = { write: (text: string) => void written.push(text) };
    const app = Fastify({ logger: { stream }, genReqId: () => "the-id" });
    await app.register(requestLog);
    app.get("/", async (request) => request.id);
    const { body } = await app.inject("/");
    await app.close();
    const line = written.find((text) => text.includes("exchange completed")) ?? "";
    expect(body).toBe("the-id");
    expect(line.split("the-id")).toHaveLength(2);
    expect(JSON.parse(line)).toMatchObject({ reqId: "the-id" });
    const keys = [...line.matchAll(/"(\w+)":/g)].map(([, key]) => key);
    expect(new Set(keys).size).toBe(keys.length);
  });

  it("is written for every kind of response, once", async () => {
    const { app, allLines } = await createLogged();
    app.get("/json", async () => ({ ok: true }));
    app.get("/nothing", (_request, reply) => reply.code(204).send());
    app.get("/stream", (_request, reply) => reply.send(Readable.from(["a", "bc"])));
    app.get("/web", async () => new Response("web body"));
    app.get("/hijacked", (_request, reply) => {
      reply.hijack();
      reply.raw.write("raw ");
      reply.raw.end("body");
    });
    app.get("/refused", {
      onRequest: async (_request, reply) => reply.code(403).send("no"),
      handler: async () => "never",
    });
    const origin = await listen(app);
    const seen = [
      ["GET /json", 200, 11],
      ["HEAD /json", 200, 0],
      ["GET /nothing", 204, 0],
      ["GET /stream", 200, 3],
      ["GET /web", 200, 8],
      ["GET /hijacked", 200, 8],
      ["GET /refused", 403, 2],
      ["OPTIONS /json", 404, expect.any(Number)],
      ["GET /not-found", 404, expect.any(Number)],
    ] as const;
    for (const [target] of seen) {
      const [method = "", path = ""] = target.split(" ");
      await (await fetch(origin + path, { method })).text();
    }
    const lines = await allLines();
    expect(
      lines.map((line) => [`${line.method} ${line.url}`, line.status, line.bytesSent]),
    ).toEqual(seen);
    expect(lines.every(({ outcome }) => outcome === "completed")).toBe(true);
  });

  it("tells the first byte of what is written in pieces", async () => {
    const { app, lineOf } = await createLogged();
    app.get("/stream", (_request, reply) => reply.send(Readable.from(["a", "b"])));
    app.get("/whole", async () => "whole");
    const origin = await listen(app);
    for (const path of ["/stream", "/whole"]) await (await fetch(origin + path)).text();
    const line = await lineOf("/stream");
    expect(line.firstByteMs).toBeGreaterThanOrEqual(line.headersMs as number);
    expect(line.totalMs).toBeGreaterThanOrEqual(line.firstByteMs as number);
    expect(await lineOf("/whole")).not.toHaveProperty("firstByteMs");
  });

  it("has no route where none was found", async () => {
    const { app, lineOf } = await createLogged();
    await app.inject("/nowhere");
    expect(await lineOf("/nowhere")).not.toHaveProperty("route");
  });

  it("tells principal and kind, never claims", async () => {
    const { app, lineOf } = await createLogged();
    app.addHook("preHandler", async (request) => {
      Object.assign(request, {
        principal: { kind: "user", id: "u-1", scopes: ["admin"], claims: { email: "a@b.c" } },
      });
    });
    app.get("/", async () => "");
    await app.inject("/");
    const line = await lineOf("/");
    expect(line).toMatchObject({ principal: "u-1", principalKind: "user" });
    expect(JSON.stringify(line)).not.toMatch(/a@b\.c|admin/);
  });

  it("works over HTTP/2", async () => {
    const { app, lineOf } = await createLogged({}, { http2: true });
    app.post("/echo", async (request) => request.body);
    const headers = { "content-type": "application/json" };
    await requestHttp2(await listen(app), { path: "/echo", headers, body: '{"a":1}' });
    expect(await lineOf("/echo")).toMatchObject({
      httpVersion: "2.0",
      status: 200,
      outcome: "completed",
      bytesReceived: 7,
      bytesSent: 7,
      address: "127.0.0.1",
    });
  });

  it("counts a chunked request body by what arrived", async () => {
    const { app, lineOf } = await createLogged();
    app.post("/", async (request) => request.body);
    const body = new ReadableStream({
      start(controller) {
        for (const piece of ['{"a":', "1}"]) controller.enqueue(new TextEncoder().encode(piece));
        controller.close();
      },
    });
    await fetch(await listen(app), {
      method: "POST",
      headers: { "content-type": "application/json" },
      body,
      duplex: "half",
    } as RequestInit);
    expect(await lineOf("/")).toMatchObject({ bytesReceived: 7 });
  });

  it("counts an injected body, and text in other encodings, by its bytes", async () => {
    const { app, lineOf } = await createLogged();
    app.post("/utf8", async () => "äöü");
    app.post("/base64", (_request, reply) => {
      reply.hijack();
      reply.raw.write(Buffer.from("abcdef").toString("base64"), "base64");
      reply.raw.end("c3Q=", "base64", () => {});
    });
    await app.inject({ method: "POST", url: "/utf8", payload: { a: 1 } });
    await app.inject({ method: "POST", url: "/base64" });
    expect(await lineOf("/utf8")).toMatchObject({ bytesReceived: 7, bytesSent: 6 });
    expect(await lineOf("/base64")).toMatchObject({ bytesReceived: 0, bytesSent: 8 });
  });

  it("tells the address that a trusted proxy tells, and IPv4 as such", async () => {
    const { app, lineOf } = await createLogged({}, { trustProxy: true });
    app.get("/:name", async () => "");
    for (const [name, address] of [
      ["mapped", "::ffff:192.0.2.7"],
      ["v6", "2001:db8::1"],
      ["forged", "a\u009b31m"],
    ] as const) {
      await app.inject({ url: `/${name}`, headers: { "x-forwarded-for": address } });
    }
    expect(await lineOf("/mapped")).toMatchObject({ address: "192.0.2.7" });
    expect(await lineOf("/v6")).toMatchObject({ address: "2001:db8::1" });
    expect(await lineOf("/forged")).toMatchObject({ address: "a\\u{9b}31m" });
  });

  it("leaves fields out on request", async () => {
    const { app, lineOf } = await createLogged({ omit: ["address", "userAgent"] });
    app.get("/", async () => "");
    await app.inject("/");
    const line = await lineOf("/");
    expect(line).not.toHaveProperty("address");
    expect(line).not.toHaveProperty("userAgent");
    expect(line).toHaveProperty("status");
  });

  it("has more on request, under a key of its own", async () => {
    const { app, lineOf } = await createLogged({
      extra: (request, reply, outcome) => ({ id: request.id, code: reply.statusCode, outcome }),
    });
    app.get("/", async () => "");
    await app.inject("/");
    expect((await lineOf("/")).extra).toEqual({ id: "req-1", code: 200, outcome: "completed" });
  });

  it("is written even where the extra cannot be made", async () => {
    const { app, lineOf } = await createLogged({
      extra: () => {
        throw new Error("no extra");
      },
    });
    app.get("/", async () => "");
    await app.inject("/");
    expect((await lineOf("/")).extra).toEqual({ failed: "no extra" });
  });

  it("is one where a scope and its ancestor have a request log each: the inner one decides", async () => {
    const { app, allLines } = await createLogged({ level: "debug" });
    await app.register(async (scope) => {
      await scope.register(requestLog, { level: "warn" });
      scope.get("/inner", async () => "");
    });
    app.get("/outer", async () => "");
    await app.inject("/inner");
    await app.inject("/outer");
    expect((await allLines()).map(({ url, level }) => [url, level])).toEqual([
      ["/inner", WARN],
      ["/outer", 20],
    ]);
  });

  it("is written where a hook before the layer has answered, with what is known then", async () => {
    const log = createLogLines();
    const app = await createApp({ logger: { stream: log.stream } });
    app.addHook("onRequest", async (_request, reply) => reply.code(401).send("no"));
    await app.register(requestLog);
    app.get("/", async () => "never");
    await app.inject("/");
    const line = await log.find(({ msg }) => msg === "exchange completed");
    expect(line).toMatchObject({ status: 401, route: "/", outcome: "completed" });
    expect(line).not.toHaveProperty("bytesSent");
  });
});

describe("the level", () => {
  it("follows the status", async () => {
    const { app, lineOf } = await createLogged();
    app.get("/:status", async (request, reply) => {
      reply.code(Number((request.params as { status: string }).status));
      return "";
    });
    const levels: unknown[] = [];
    for (const status of [200, 304, 400, 429, 500, 503]) {
      await app.inject(`/${status}`);
      levels.push([status, (await lineOf(`/${status}`)).level]);
    }
    expect(levels).toEqual([
      [200, INFO],
      [304, INFO],
      [400, WARN],
      [429, WARN],
      [500, ERROR],
      [503, ERROR],
    ]);
  });

  it("can be another one for each case", async () => {
    const { app, allLines } = await createLogged({
      level: "debug",
      clientErrorLevel: "info",
      serverErrorLevel: "fatal",
    });
    app.get("/ok", async () => "");
    app.get("/fault", (_request, reply) => reply.code(500).send(""));
    for (const url of ["/ok", "/missing", "/fault"]) await app.inject(url);
    expect((await allLines()).map(({ level }) => level)).toEqual([20, 30, 60]);
  });

  it("can be silent: then there is no line", async () => {
    const { app, allLines } = await createLogged({ clientErrorLevel: "silent" });
    await app.inject("/missing");
    expect(await allLines()).toEqual([]);
  });

  it("is another one on a route that says so, for what went well there", async () => {
    const { app, allLines } = await createLogged();
    app.get("/poll", { config: { requestLog: "trace" } }, async () => "");
    app.get("/fail", { config: { requestLog: { level: "silent" } } }, async (_request, reply) => {
      return reply.code(500).send("");
    });
    await app.inject("/poll");
    await app.inject("/fail");
    expect((await allLines()).map(({ level }) => level)).toEqual([10, ERROR]);
  });
});

describe("no line at all", () => {
  it("is written for a route with requestLog: false", async () => {
    const { app, allLines } = await createLogged();
    app.get("/quiet", { config: { requestLog: false } }, async (_request, reply) => {
      return reply.code(500).send("");
    });
    await app.inject("/quiet");
    expect(await allLines()).toEqual([]);
  });

  it("is written for what is ignored by path, by pattern or by a function", async () => {
    const { app, allLines } = await createLogged({
      ignore: [
        "/health",
        "/assets/*",
        "/users/:id",
        (request, reply) => request.method === "HEAD" && reply.statusCode < 400,
      ],
    });
    for (const url of ["/health", "/assets/*", "/users/:id", "/kept"]) app.get(url, async () => "");
    for (const url of ["/health?x=1", "/assets/a.css", "/users/7", "/health/more", "/kept"]) {
      await app.inject(url);
    }
    await app.inject({ method: "HEAD", url: "/kept" });
    await app.inject({ method: "HEAD", url: "/missing" });
    expect((await allLines()).map(({ method, url }) => `${method} ${url}`)).toEqual([
      "GET /health/more",
      "GET /kept",
      "HEAD /missing",
    ]);
  });

  it("ignores nothing by a function that throws", async () => {
    const { app, allLines } = await createLogged({
      ignore: [
        () => {
          throw new Error("no");
        },
      ],
    });
    await app.inject("/missing");
    expect(await allLines()).toHaveLength(1);
  });
});
