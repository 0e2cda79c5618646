import { PassThrough, type Readable } from "node:stream";
import { gzipSync } from "node:zlib";
import { createApp, WAYS, type Way } from "@enfilade/line-testing";
import { createRecorder, listen, openExchange } from "@enfilade/testing";
import fc from "fast-check";
import { describe, expect, it, onTestFinished } from "vitest";
import { type CompressOptions, compress } from "../src/index.ts";
import { REQUEST_CODINGS } from "./apps.ts";
import { chunkOf, encoded, jsonOf, LAST_CHUNK, post, STREAM, takingApp } from "./bodies.ts";

/** Forty megabytes in forty kilobytes, or less. */
const BOMBS: ReadonlyMap<string, Buffer> = new Map(
  REQUEST_CODINGS.map((coding) => [coding, encoded(coding, Buffer.alloc(40_000_000))]),
);
const bombIn = (coding: string): Buffer => BOMBS.get(coding) ?? Buffer.alloc(0);

describe("a decompression bomb", () => {
  it.each(REQUEST_CODINGS)("ends with 413 at the decoded limit: %s", async (coding) => {
    const bomb = bombIn(coding);
    expect(bomb.length).toBeLessThan(50_000);
    const app = await takingApp();
    for (const [url, type] of [
      ["/", "application/json"],
      ["/stream", STREAM],
    ] as const) {
      const response = await post(app, url, coding, bomb, type);
      expect(response.statusCode).toBe(413);
      expect(response.json().code).toBe("COMPRESS_BODY_TOO_LARGE");
    }
  });

  it.each(REQUEST_CODINGS)(
    "is decoded no further than the limit and a chunk: %s",
    async (coding) => {
      const bomb = bombIn(coding);
      const app = await createApp();
      await app.register(compress, { requests: { maxBytes: 100_000, maxRatio: 1e9 } });
      let seen = 0;
      app.addContentTypeParser(STREAM, (_request, payload, done) => done(null, payload));
      app.post("/", async (request) => {
        for await (const chunk of request.body as AsyncIterable<Buffer>) seen += chunk.length;
      });
      expect((await post(app, "/", coding, bomb, STREAM)).statusCode).toBe(413);
      expect(seen).toBeLessThanOrEqual(100_000);
    },
  );

  it("holds the limit to the byte, for a route too", async () => {
    const app = await takingApp({ requests: { maxBytes: 1000 } });
    app.post("/wide", { config: { compress: { requests: { maxBytes: 2000 } } } }, async () => "ok");
    const status = async (url: string, length: number) =>
      (await post(app, url, "gzip", gzipSync(jsonOf(length)))).statusCode;
    expect(await status("/", 1000)).toBe(200);
    expect(await status("/", 1001)).toBe(413);
    expect(await status("/wide", 2000)).toBe(200);
    expect(await status("/wide", 2001)).toBe(413);
  });

  it("is held to the limit of its route, where no other is given", async () => {
    const app = await takingApp({}, { bodyLimit: 3000 });
    app.post("/wide", { bodyLimit: 9000 }, async () => "ok");
    const status = async (url: string, length: number) =>
      (await post(app, url, "gzip", gzipSync(jsonOf(length)))).statusCode;
    expect(await status("/", 3000)).toBe(200);
    expect(await status("/", 3001)).toBe(413);
    expect(await status("/wide", 9000)).toBe(200);
    expect(await status("/wide", 9001)).toBe(413);
  });

  it("ends by its ratio where the limit is wide: for all codings, or for one", async () => {
    const wide = { maxBytes: 1e9 };
    const server = { bodyLimit: 100_000_000 };
    const bomb = gzipSync(Buffer.alloc(1_000_000));
    const status = async (
      requests: CompressOptions["requests"],
      coding: string,
      payload: Buffer,
    ) => {
      const app = await takingApp({ requests: requests ?? {} }, server);
      return (await post(app, "/stream", coding, payload, STREAM)).statusCode;
    };
    expect(await status(wide, "gzip", bomb)).toBe(413);
    expect(await status({ ...wide, maxRatio: 2000 }, "gzip", bomb)).toBe(200);
    expect(await status({ ...wide, maxRatio: { br: 2000 } }, "gzip", bomb)).toBe(413);
    expect(await status({ ...wide, maxRatio: { gzip: 2000 } }, "gzip", bomb)).toBe(200);
    // So little that no ratio makes a bomb of it.
    expect(await status({ ...wide, maxRatio: 1 }, "gzip", gzipSync(Buffer.alloc(65_536)))).toBe(
      200,
    );
    expect(await status({ ...wide, maxRatio: 1 }, "gzip", gzipSync(Buffer.alloc(65_537)))).toBe(
      413,
    );
  });

  it("never gets through, whatever it is made of and however it is sent", async () => {
    const limit = 50_000;
    const app = await takingApp({ requests: { maxBytes: limit } });
    const origin = await listen(app);
    const part = fc.record({ byte: fc.nat(255), length: fc.nat(60_000) });
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...REQUEST_CODINGS),
        fc.array(part, { minLength: 1, maxLength: 4 }),
        fc.boolean(),
        async (coding, parts, chunked) => {
          const plain = Buffer.concat(parts.map(({ byte, length }) => Buffer.alloc(length, byte)));
          const payload = encoded(coding, plain);
          const exchange = await openExchange(origin, {
            method: "POST",
            path: "/stream",
            headers: {
              connection: "close",
              "content-type": STREAM,
              "content-encoding": coding,
              ...(chunked && { "transfer-encoding": "chunked" }),
            },
            body: chunked ? Buffer.concat([chunkOf(payload), LAST_CHUNK]) : payload,
          });
          const { status } = await exchange.head();
          expect(status).toBe(plain.length > limit ? 413 : 200);
          exchange.destroy();
        },
      ),
      { numRuns: 60 },
    );
  });
});

/** Errors that nobody has caught, each of which would have ended the process. */
function escapes(): readonly unknown[] {
  const caught: unknown[] = [];
  const add = (error: unknown) => void caught.push(error);
  process.on("uncaughtExceptionMonitor", add);
  onTestFinished(() => void process.off("uncaughtExceptionMonitor", add));
  return caught;
}

/** An app whose parsers give up long before the layer does, and the decoded bodies that it has come to an end with. */
async function impatientApp(way: Way = "alone") {
  const app = await takingApp(
    { requests: { maxBytes: 5_000_000, maxRatio: 1e9 } },
    { way, bodyLimit: 100_000 },
  );
  const ends = createRecorder<unknown>();
  app.addHook("preParsing", async (_request, _reply, payload) => {
    const body = payload as Readable;
    body.on("close", () => ends.record(body.errored));
  });
  return { app, ends };
}

describe.each(WAYS)("a bomb whose decoding goes on when nobody listens any more, %s", (way) => {
  it.each(REQUEST_CODINGS)(
    "ends within its bounds, and takes nobody with it: %s",
    async (coding) => {
      const escaped = escapes();
      const { app, ends } = await impatientApp(way);
      // The parser of Fastify has refused it, and has stopped listening for errors.
      const refused = await post(app, "/", coding, bombIn(coding));
      expect(refused.statusCode).toBe(413);
      expect(refused.json().code).toBe("FST_ERR_CTP_BODY_TOO_LARGE");
      const missing = await post(app, "/nowhere", coding, bombIn(coding));
      expect(missing.statusCode).toBe(413);
      const errors = await ends.until((all) => all.length === 2);
      expect(errors).toMatchObject(Array(2).fill({ code: "COMPRESS_BODY_TOO_LARGE" }));
      expect(escaped).toEqual([]);
    },
  );

  it.each(REQUEST_CODINGS)("over a connection that goes on sending: %s", async (coding) => {
    const escaped = escapes();
    const { app, ends } = await impatientApp(way);
    const origin = await listen(app);
    const body = bombIn(coding);
    for (const chunked of [false, true]) {
      const exchange = await openExchange(origin, {
        method: "POST",
        headers: {
          "content-type": "application/json",
          "content-encoding": coding,
          ...(chunked
            ? { "transfer-encoding": "chunked" }
            : { "content-length": String(body.length + 50_000) }),
        },
        body: chunked ? chunkOf(body) : body,
      });
      expect((await exchange.head()).status).toBe(413);
      exchange.write(Buffer.alloc(20_000, 7));
      await exchange.closed();
    }
    await ends.until((all) => all.length === 2);
    expect(escaped).toEqual([]);
  });
});

describe("a handler that reads a body itself", () => {
  it.each(REQUEST_CODINGS)("and hears of no errors, is not ended by one: %s", async (coding) => {
    const escaped = escapes();
    const { app, ends } = await impatientApp();
    app.post("/first", (request, reply) => {
      // One chunk is all that it wants.
      (request.body as Readable).once("data", () => void reply.send({ first: true }));
    });
    const response = await post(app, "/first", coding, bombIn(coding), STREAM);
    expect(response.json()).toEqual({ first: true });
    const [error] = await ends.until((all) => all.length === 1);
    expect(error).toMatchObject({ code: "COMPRESS_BODY_TOO_LARGE" });
    expect(escaped).toEqual([]);
  });

  it("and never begins to, lets nothing be decoded", async () => {
    const bodies: Readable[] = [];
    const app = await takingApp();
    app.post("/never", async (request) => {
      bodies.push(request.body as Readable);
      return { read: false };
    });
    const response = await post(app, "/never", "gzip", bombIn("gzip"), STREAM);
    expect(response.json()).toEqual({ read: false });
    expect(bodies).toMatchObject([{ readableLength: 0, receivedEncodedLength: 0 }]);
  });
});

describe("what a body comes through", () => {
  it("may fail before anybody reads: the reader hears of it then", async () => {
    const escaped = escapes();
    const app = await createApp();
    const buffer = new PassThrough();
    const closed = new Promise<void>((resolve) => void buffer.on("close", resolve));
    app.addHook("preParsing", async () => buffer);
    await app.register(compress);
    app.addContentTypeParser(STREAM, (_request, payload, done) => done(null, payload));
    app.addHook("preValidation", async () => {
      buffer.destroy(new Error("the disk is full"));
      await closed;
    });
    app.post("/", async (request) => {
      for await (const chunk of request.body as Readable) throw new Error(`no ${chunk}`);
    });
    const response = await post(app, "/", "gzip", gzipSync(jsonOf(100)), STREAM);
    expect(response.statusCode).toBe(400);
    expect(response.json().code).toBe("COMPRESS_INVALID_BODY");
    expect(escaped).toEqual([]);
  });
});
