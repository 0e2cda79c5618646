import { createApp, KINDS, WAYS } from "@enfilade/line-testing";
import { listen, openExchange, requestHttp2 } from "@enfilade/testing";
import { describe, expect, it } from "vitest";
import { timing } from "../src/index.ts";
import { timedApp } from "./apps.ts";

const MILLISECONDS = /^\d+(\.\d)?$/;
const METRIC = /^headers;dur=\d+(\.\d)?$/;

describe.each(WAYS)("the headers, %s,", (way) => {
  const present = {
    "x-process-time-ms": expect.stringMatching(MILLISECONDS),
    "server-timing": expect.stringMatching(METRIC),
  };

  it.each(KINDS)("are over HTTP/1 on %s", async (_kind, request) => {
    const origin = await listen(await timedApp({}, { way }));
    const head = await (await openExchange(origin, request)).head();
    expect(head.header("x-process-time-ms")).toMatch(MILLISECONDS);
    expect(head.header("server-timing")).toMatch(METRIC);
  });

  it.each(KINDS)("are over HTTP/2 on %s", async (_kind, request) => {
    const origin = await listen(await timedApp({}, { way, http2: true }));
    expect((await requestHttp2(origin, request)).headers).toMatchObject(present);
  });

  it.each(KINDS)("are, injected, on %s", async (_kind, request) => {
    const app = await timedApp({}, { way });
    expect((await app.inject(request)).headers).toMatchObject(present);
  });
});

describe("the headers", () => {
  it("tell the time from the first hook to the headers", async () => {
    let before = 0;
    let after = 0;
    const app = await createApp();
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
  });

  it("can bear other names, and be turned off one by one", async () => {
    const renamed = await timedApp({
      processTimeHeader: "X-Took",
      serverTimingHeader: "X-Server-Timing",
    });
    const { headers } = await renamed.inject("/plain");
    expect(headers["x-took"]).toMatch(MILLISECONDS);
    expect(headers["x-server-timing"]).toMatch(METRIC);
    expect(headers).not.toHaveProperty("x-process-time-ms");
    expect(headers).not.toHaveProperty("server-timing");

    const silent = await timedApp({ processTimeHeader: false, serverTimingHeader: false });
    const none = await silent.inject("/plain");
    expect(none.headers).not.toHaveProperty("x-process-time-ms");
    expect(none.headers).not.toHaveProperty("server-timing");
  });

  it("are rounded to whole milliseconds on request", async () => {
    const app = await timedApp({ decimals: 0 });
    expect((await app.inject("/plain")).headers["x-process-time-ms"]).toMatch(/^\d+$/);
  });

  it("stand behind the metrics that the application gives itself", async () => {
    const app = await timedApp();
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
    const app = await timedApp();
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
