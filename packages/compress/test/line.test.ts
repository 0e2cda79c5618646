import { Readable } from "node:stream";
import { gunzipSync } from "node:zlib";
import { defineLayer, type Layer } from "@enfilade/layer";
import { createApp } from "@enfilade/line-testing";
import { listen, requestHttp2 } from "@enfilade/testing";
import fastifyCompress from "@fastify/compress";
import type { FastifyInstance } from "fastify";
import { describe, expect, it } from "vitest";
import { compress } from "../src/index.ts";
import { LONG, LONG_TEXT, textOf } from "./apps.ts";

const headers = { "accept-encoding": "gzip" };

const payloads: { inner: unknown; outer: unknown } = { inner: undefined, outer: undefined };
const inner: Layer = defineLayer({
  name: "inner",
  place: "shape",
  setup: () => ({
    onSend(_request, _reply, payload) {
      payloads.inner = payload;
      return `${payload} shaped`;
    },
  }),
});
const outer: Layer = defineLayer({
  name: "outer",
  place: "share",
  setup: () => ({
    onSend(_request, reply, payload) {
      payloads.outer = payload;
      reply.header("x-outer-saw", typeof payload);
    },
  }),
});

describe("in line", () => {
  const registrations = [
    (app: FastifyInstance) => app.register(compress, { minBytes: 0 }),
    (app: FastifyInstance) => app.register(inner),
    (app: FastifyInstance) => app.register(outer),
  ];
  it.each([[[0, 1, 2]], [[0, 2, 1]], [[1, 0, 2]], [[1, 2, 0]], [[2, 0, 1]], [[2, 1, 0]]])(
    "registered in the order %j, layers further in see the text, those further out the bytes",
    async (order) => {
      const app = await createApp({ way: "in line" });
      for (const index of order) await registrations[index]?.(app);
      app.get("/", async () => LONG_TEXT);
      const response = await app.inject({ url: "/", headers });
      expect(payloads.inner).toBe(LONG_TEXT);
      expect(gunzipSync(payloads.outer as Buffer).toString()).toBe(`${LONG_TEXT} shaped`);
      expect(textOf(response)).toBe(`${LONG_TEXT} shaped`);
      expect(response.headers["x-outer-saw"]).toBe("object");
    },
  );

  it("stands at the place encode, in every route's line and the one of what is not found", async () => {
    const app = await createApp({ way: "in line" });
    await app.register(compress);
    app.get("/", async () => "ok");
    await app.ready();
    for (const url of ["/", "/nowhere"]) {
      expect(app.order.explain("GET", url).doors).toMatchObject([
        {
          layer: "compress",
          place: "encode",
          inward: ["onRequest", "preParsing"],
          outward: ["onSend", "onHeaders"],
        },
      ]);
    }
    const [coverage] = app.order.coverage();
    expect(coverage?.responses).toMatchObject({
      reply: ["onRequest", "preParsing", "onSend", "onHeaders"],
      stream: ["onRequest", "preParsing", "onSend", "onHeaders"],
      hijacked: ["onRequest", "preParsing", "onHeaders"],
    });
  });

  it("reaches routes that were declared before it, and leaves out those that skip it", async () => {
    const app = await createApp({ way: "in line" });
    app.get("/early", { config: { compress: { codings: ["deflate"] } } }, async () => LONG);
    app.get("/skips", { config: { skip: ["compress"] } }, async () => LONG);
    app.register(compress);
    app.get("/late", async () => LONG);
    const accept = { "accept-encoding": "gzip, deflate" };
    const coding = async (url: string) =>
      (await app.inject({ url, headers: accept })).headers["content-encoding"];
    expect(await coding("/early")).toBe("deflate");
    expect(await coding("/skips")).toBeUndefined();
    expect(await coding("/late")).toBe("gzip");
  });

  it("leaves hijacked replies as they are", async () => {
    const app = await createApp({ way: "in line" });
    await app.register(compress);
    app.get("/", (_request, reply) => {
      reply.hijack();
      reply.raw.writeHead(200, { "content-type": "text/plain" });
      reply.raw.end(LONG_TEXT);
    });
    const response = await fetch(await listen(app), { headers });
    expect(response.headers.get("content-encoding")).toBeNull();
    expect(await response.text()).toBe(LONG_TEXT);
  });

  it("refuses to boot beside @fastify/compress", async () => {
    const app = await createApp({ way: "in line" });
    await app.register(fastifyCompress);
    await app.register(compress);
    await expect(app.ready()).rejects.toMatchObject({
      findings: [{ code: "COMPRESS_ENGINE_BESIDE", severity: "error" }],
    });
  });

  it("has nothing to say of itself otherwise", async () => {
    const app = await createApp({ way: "in line" });
    await app.register(compress, { eventStreams: true });
    app.get("/", async () => "ok");
    await app.ready();
    expect(app.order.findings()).toEqual([]);
  });
});

describe("over HTTP/2", () => {
  it("encodes replies and streams", async () => {
    const app = await createApp({ http2: true });
    await app.register(compress);
    app.get("/json", async () => LONG);
    app.get("/stream", (_q, reply) =>
      reply.type("application/json").send(Readable.from([LONG_TEXT])),
    );
    const origin = await listen(app);
    for (const path of ["/json", "/stream"]) {
      const response = await requestHttp2(origin, { path, headers });
      expect(response.headers).toMatchObject({
        "content-encoding": "gzip",
        vary: "Accept-Encoding",
      });
      expect(gunzipSync(response.rawPayload).toString()).toBe(LONG_TEXT);
    }
  });
});

describe("a WebSocket's upgrade", () => {
  it("is not asked which coding it takes", async () => {
    const app = await createApp();
    await app.register(compress);
    app.get("/", async () => "reached");
    const upgrade = {
      connection: "upgrade",
      upgrade: "websocket",
      "accept-encoding": "identity;q=0",
    };
    expect((await app.inject({ url: "/", headers: upgrade })).statusCode).toBe(200);
  });
});
