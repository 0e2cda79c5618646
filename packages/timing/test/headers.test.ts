import { listen } from "@enfilade/testing";
import Fastify from "fastify";
import { describe, expect, it } from "vitest";
import { timing } from "../src/index.ts";
import { createApp, PATHS, requestHttp2 } from "./responses.ts";

const MILLISECONDS = /^\d+(\.\d)?$/;
const METRIC = /^headers;dur=\d+(\.\d)?$/;

describe("the headers", () => {
  it.each(PATHS)("are on the response to %s over HTTP/1", async (path) => {
    const origin = await listen(await createApp());
    const { headers } = await fetch(origin + path);
    expect(headers.get("x-process-time-ms")).toMatch(MILLISECONDS);
    expect(headers.get("server-timing")).toMatch(METRIC);
  });

  it.each(PATHS)("are on the response to %s over HTTP/2", async (path) => {
    const app = await createApp({}, { http2: true } as object);
    const { headers } = await requestHttp2(await listen(app), path);
    expect(headers["x-process-time-ms"]).toMatch(MILLISECONDS);
    expect(headers["server-timing"]).toMatch(METRIC);
  });

  it.each(PATHS)("are on the injected response to %s", async (path) => {
    const { headers } = await (await createApp()).inject(path);
    expect(headers["x-process-time-ms"]).toMatch(MILLISECONDS);
    expect(headers["server-timing"]).toMatch(METRIC);
  });

  it("are on the response to HEAD and on a refusal by a hook further in", async () => {
    const app = await createApp();
    app.get("/refused", {
      onRequest: async (_request, reply) => reply.code(403).send("no"),
      handler: async () => "never",
    });
    expect((await app.inject({ method: "HEAD", url: "/json" })).headers).toHaveProperty(
      "x-process-time-ms",
    );
    expect((await app.inject("/refused")).headers).toHaveProperty("x-process-time-ms");
  });

  it("tell the time from the first hook to the headers", async () => {
    let before = 0;
    let after = 0;
    const app = Fastify();
    app.addHook("onRequest", async () => {
      before = performance.now();
    });
    await app.register(timing, { decimals: 3 });
    app.get("/", async () => {
      const until = performance.now() + 5;
      while (performance.now() < until);
      after = performance.now();
      return "";
    });
    const response = await app.inject("/");
    const done = performance.now();
    const told = Number(response.headers["x-process-time-ms"]);
    expect(told).toBeGreaterThanOrEqual(5);
    expect(told).toBeLessThanOrEqual(done - before);
    expect(done - before).toBeGreaterThanOrEqual(after - before);
    expect(response.headers["server-timing"]).toBe(`headers;dur=${told}`);
    await app.close();
  });

  it("can bear other names, and be turned off one by one", async () => {
    const renamed = await createApp({
      processTimeHeader: "X-Took",
      serverTimingHeader: "X-Server-Timing",
    });
    const { headers } = await renamed.inject("/json");
    expect(headers["x-took"]).toMatch(MILLISECONDS);
    expect(headers["x-server-timing"]).toMatch(METRIC);
    expect(headers).not.toHaveProperty("x-process-time-ms");
    expect(headers).not.toHaveProperty("server-timing");

    const silent = await createApp({ processTimeHeader: false, serverTimingHeader: false });
    const none = await silent.inject("/json");
    expect(none.headers).not.toHaveProperty("x-process-time-ms");
    expect(none.headers).not.toHaveProperty("server-timing");
  });

  it("are rounded to whole milliseconds on request", async () => {
    const app = await createApp({ decimals: 0 });
    expect((await app.inject("/json")).headers["x-process-time-ms"]).toMatch(/^\d+$/);
  });

  it("stand behind the metrics that the application gives itself", async () => {
    const app = await createApp();
    app.get("/own", (_request, reply) => reply.header("server-timing", "db;dur=3").send("x"));
    app.get("/own-two", (_request, reply) =>
      reply.header("server-timing", ["db;dur=3", "ai;dur=9"]).send("x"),
    );
    app.get("/own-raw", (_request, reply) => {
      reply.hijack();
      reply.raw.writeHead(200, { "Server-Timing": "db;dur=3" });
      reply.raw.end();
    });
    app.get("/own-stream", (_request, reply) =>
      reply.header("server-timing", "db;dur=3").send(new Blob(["x"]).stream()),
    );
    const origin = await listen(app);
    for (const path of ["/own", "/own-raw", "/own-stream"]) {
      const { headers } = await fetch(origin + path);
      expect(headers.get("server-timing")).toMatch(/^db;dur=3, headers;dur=[\d.]+$/);
    }
    const two = await fetch(`${origin}/own-two`);
    expect(two.headers.get("server-timing")).toMatch(/^db;dur=3, ai;dur=9, headers;dur=[\d.]+$/);
  });

  it("are told once when the first headers could not be sent", async () => {
    const app = await createApp();
    app.get("/bad", (_request, reply) => {
      reply.header("server-timing", "db;dur=3").header("x-bad", "a\nb").send("x");
    });
    app.setErrorHandler((_error, _request, reply) => {
      reply.removeHeader("x-bad").code(500).send("failed");
    });
    const { headers, body } = await app.inject("/bad");
    expect(body).toBe("failed");
    expect(headers["server-timing"]).toMatch(/^db;dur=3, headers;dur=[\d.]+$/);
  });
});
