import { Readable } from "node:stream";
import { createDeferred, listen, pieces, requestHttp2 } from "@enfilade/testing";
import { describe, expect, it } from "vitest";
import { timedApp } from "./apps.ts";

async function detailed(options: Parameters<typeof timedApp>[0], config: object = {}) {
  const app = await timedApp(options);
  app.get("/spans", { config }, async ({ timing }) => {
    timing.span("db", { description: 'the "users" table' }).end();
    timing.span("open");
    return "";
  });
  return app;
}

describe("the spans of an exchange", () => {
  it("stay inside by default", async () => {
    const { headers } = await (await detailed({})).inject("/spans");
    expect(headers["server-timing"]).toMatch(/^headers;dur=[\d.]+$/);
    expect(JSON.stringify(headers)).not.toContain("db");
  });

  it("are told on request, those that have ended", async () => {
    const { headers } = await (await detailed({ detail: true })).inject("/spans");
    expect(headers["server-timing"]).toMatch(
      /^headers;dur=[\d.]+, db;dur=[\d.]+;desc="the \\"users\\" table"$/,
    );
  });

  it("are told by single routes", async () => {
    const app = await detailed({}, { timing: { detail: true } });
    expect((await app.inject("/spans")).headers["server-timing"]).toContain("db;dur=");

    const inverse = await detailed({ detail: true }, { timing: { detail: false } });
    expect((await inverse.inject("/spans")).headers["server-timing"]).not.toContain("db");
  });

  it("and all else are kept back by a route with timing: false", async () => {
    const app = await detailed({ detail: true }, { timing: false });
    const { headers } = await app.inject("/spans");
    expect(headers).not.toHaveProperty("server-timing");
    expect(headers).not.toHaveProperty("x-process-time-ms");
  });

  it("can be kept back together with the header, and the time told all the same", async () => {
    const app = await detailed({ detail: true }, { timing: { serverTiming: false } });
    const { headers } = await app.inject("/spans");
    expect(headers).not.toHaveProperty("server-timing");
    expect(headers).toHaveProperty("x-process-time-ms");
  });

  it("never make the header longer than proxies can take", async () => {
    const app = await timedApp({ detail: true });
    app.get("/many", async ({ timing }) => {
      for (let index = 0; index < 64; index++) {
        timing.span(`span-${index}`, { description: '"'.repeat(200) }).end();
      }
      return "";
    });
    const value = String((await app.inject("/many")).headers["server-timing"]);
    expect(value.length).toBeLessThanOrEqual(2048);
    expect(value).toMatch(/;desc="(?:\\")+"$/);
  });
});

describe("a Server-Timing trailer", () => {
  async function streaming(options: Parameters<typeof timedApp>[0], server = {}) {
    const app = await timedApp(options, server);
    app.get("/run", (request, reply) => {
      const early = request.timing.span("early");
      const late = request.timing.span("late");
      const work = async function* () {
        early.end();
        yield "first ";
        late.end();
        yield "last";
      };
      reply.send(Readable.from(work()));
    });
    return app;
  }

  it("ends no stream by default", async () => {
    const response = await (await streaming({ detail: true })).inject("/run");
    expect(response.headers).not.toHaveProperty("trailer");
    expect(response.trailers).toEqual({});
  });

  it("tells the time to the end, and with detail the spans that ended after the headers", async () => {
    const plain = await (await streaming({ trailer: true })).inject("/run");
    expect(plain.headers.trailer).toBe("server-timing");
    expect(plain.trailers["server-timing"]).toMatch(/^total;dur=[\d.]+$/);

    const detail = await (await streaming({ trailer: true, detail: true })).inject("/run");
    expect(detail.headers["server-timing"]).toMatch(/^headers;dur=[\d.]+, early;dur=[\d.]+$/);
    expect(detail.trailers["server-timing"]).toMatch(/^total;dur=[\d.]+, late;dur=[\d.]+$/);
    expect(detail.body).toBe("first last");
  });

  it("arrives over HTTP/2", async () => {
    const app = await streaming({ trailer: true }, { http2: true });
    const { trailers, body } = await requestHttp2(await listen(app), { path: "/run" });
    expect(trailers["server-timing"]).toMatch(/^total;dur=[\d.]+$/);
    expect(body).toBe("first last");
  });

  it("arrives at the end of a web stream", async () => {
    const response = await (await streaming({ trailer: true })).inject("/response");
    expect(response.trailers["server-timing"]).toMatch(/^total;dur=[\d.]+$/);
  });

  it("is for streams alone: what has a length keeps it", async () => {
    const app = await streaming({ trailer: true });
    app.get("/sized", (_request, reply) =>
      reply.header("content-length", 2).send(Readable.from(["ab"])),
    );
    for (const path of ["/plain", "/sized", "/nowhere", "/fails"]) {
      const response = await app.inject(path);
      expect(response.headers).not.toHaveProperty("trailer");
      expect(response.headers).toHaveProperty("content-length");
    }
  });

  it("does not take the place of the application's own", async () => {
    const app = await streaming({ trailer: true });
    app.get("/own", (_request, reply) => {
      reply.trailer("server-timing", async () => "own;dur=1");
      reply.send(Readable.from(["a"]));
    });
    expect((await app.inject("/own")).trailers["server-timing"]).toBe("own;dur=1");
  });

  it("can be asked for, and refused, by a route", async () => {
    const app = await streaming({});
    const stream = () => Readable.from(["a"]);
    app.get("/yes", { config: { timing: { trailer: true } } }, (_, reply) => reply.send(stream()));
    expect((await app.inject("/yes")).trailers).toHaveProperty("server-timing");

    const all = await streaming({ trailer: true });
    all.get("/no", { config: { timing: false } }, (_, reply) => reply.send(stream()));
    expect((await all.inject("/no")).trailers).toEqual({});
  });

  it("waits for the stream, however long it takes", async () => {
    const app = await timedApp({ trailer: true });
    const rest = createDeferred<string>();
    let startedAt = 0;
    let releasedAt = 0;
    app.get("/slow", (_request, reply) => {
      startedAt = performance.now();
      reply.send(Readable.from(pieces("first", rest.promise)));
    });
    const pending = app.inject("/slow");
    await new Promise(setImmediate);
    releasedAt = performance.now();
    rest.resolve("last");
    const value = String((await pending).trailers["server-timing"]);
    const total = Number(/^total;dur=(.*)$/.exec(value)?.[1]);
    expect(total).toBeGreaterThanOrEqual(Math.floor(releasedAt - startedAt));
  });
});
