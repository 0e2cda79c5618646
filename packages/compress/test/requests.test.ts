import { once } from "node:events";
import { connect } from "node:http2";
import { brotliCompressSync, constants, deflateSync, gzipSync } from "node:zlib";
import { createRecorder, listen, openExchange } from "@enfilade/testing";
import fc from "fast-check";
import type { FastifyInstance, FastifyServerOptions } from "fastify";
import { describe, expect, it, onTestFinished } from "vitest";
import { type CompressOptions, compress } from "../src/index.ts";
import { createApp, REQUEST_CODINGS, WAYS, type Way } from "./apps.ts";
import { zstd } from "./zlib.ts";

const ENCODE: Readonly<Record<string, (body: Buffer | string) => Buffer>> = {
  gzip: gzipSync,
  deflate: deflateSync,
  br: brotliCompressSync,
  zstd: (body) => zstd.zstdCompressSync?.(body) ?? Buffer.alloc(0),
};

/** An app that says how many bytes it was sent; `/stream` reads them without Fastify's parsers. */
async function takingApp(
  options: CompressOptions = {},
  way: Partial<Way> = {},
  server: FastifyServerOptions = {},
): Promise<FastifyInstance> {
  const app = await createApp(way, server);
  await app.register(compress, options);
  app.addContentTypeParser("application/x-stream", (_request, payload, done) =>
    done(null, payload),
  );
  app.post("/", async (request) => ({ length: JSON.stringify(request.body).length }));
  app.post("/stream", async (request) => {
    let length = 0;
    for await (const chunk of request.body as AsyncIterable<Buffer>) length += chunk.length;
    return { length };
  });
  return app;
}

function post(
  app: FastifyInstance,
  url: string,
  coding: string,
  payload: Buffer,
  type = "application/json",
) {
  const headers = { "content-type": type, "content-encoding": coding };
  return app.inject({ method: "POST", url, headers, payload });
}

const body = (length: number) => JSON.stringify("x".repeat(length - 2));
const STREAM = "application/x-stream";

describe.each(WAYS)("the body of a request, $way", (way) => {
  it.each(REQUEST_CODINGS)("is decoded from %s", async (coding) => {
    const app = await takingApp({}, way);
    const payload = ENCODE[coding]?.(body(50_000)) ?? Buffer.alloc(0);
    expect((await post(app, "/", coding, payload)).json()).toEqual({ length: 50_000 });
    expect((await post(app, "/stream", coding, payload, STREAM)).json()).toEqual({
      length: 50_000,
    });
  });

  it.each(["GZIP", "x-gzip", "identity, gzip", " gzip ,identity"])(
    "is decoded by any name of its coding: %j",
    async (coding) => {
      const app = await takingApp({}, way);
      expect((await post(app, "/", coding, gzipSync(body(100)))).json()).toEqual({ length: 100 });
    },
  );

  it("is left alone where it is not encoded, or where there is none", async () => {
    const app = await takingApp({}, way);
    app.get("/", async () => ({ ok: true }));
    app.post("/none", async () => ({ ok: true }));
    for (const coding of ["identity", "", "Identity, identity"]) {
      expect((await post(app, "/", coding, Buffer.from(body(100)))).json()).toEqual({
        length: 100,
      });
    }
    for (const coding of ["gzip", "unheard-of"]) {
      const headers = { "content-encoding": coding };
      expect((await app.inject({ url: "/", headers })).json()).toEqual({ ok: true });
    }
    const none = { "content-encoding": "gzip", "content-length": "0" };
    for (const headers of [none, { "content-encoding": "gzip" }]) {
      const response = await app.inject({ method: "POST", url: "/none", headers });
      expect(response.json()).toEqual({ ok: true });
    }
  });

  it.each([
    "compress",
    "unheard-of",
    "gzip, gzip",
    "deflate, gzip",
    "br, br, br",
    "gzip, unheard-of",
    "identity, br, gzip",
    "*",
  ])("is refused in %j with 415, and told what would be taken", async (coding) => {
    const app = await takingApp({}, way);
    const nested = coding.split(", ").reduce((inner) => gzipSync(inner), Buffer.from(body(100)));
    const response = await post(app, "/", coding, nested);
    expect(response.statusCode).toBe(415);
    expect(response.json().code).toBe("COMPRESS_UNSUPPORTED_CODING");
    expect(response.headers["accept-encoding"]).toBe([...REQUEST_CODINGS, "identity"].join(", "));
  });

  it.each(REQUEST_CODINGS)(
    "is refused with 400 when it is not %s, or cut short",
    async (coding) => {
      const app = await takingApp({}, way);
      const whole = ENCODE[coding]?.(body(5000)) ?? Buffer.alloc(0);
      for (const payload of [
        Buffer.from("not at all what it says"),
        whole.subarray(0, whole.length - 6),
      ]) {
        for (const [url, type] of [
          ["/", "application/json"],
          ["/stream", STREAM],
        ] as const) {
          const response = await post(app, url, coding, payload, type);
          expect(response.statusCode).toBe(400);
          expect(response.json()).toMatchObject({
            code: "COMPRESS_INVALID_BODY",
            message: "The body could not be decoded.",
          });
        }
      }
    },
  );
});

describe("a decompression bomb", () => {
  const zeros = Buffer.alloc(40_000_000);

  it.each(REQUEST_CODINGS)("ends with 413 at the decoded limit: %s", async (coding) => {
    const bomb = ENCODE[coding]?.(zeros) ?? Buffer.alloc(0);
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
      const bomb = ENCODE[coding]?.(zeros) ?? Buffer.alloc(0);
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
      (await post(app, url, "gzip", gzipSync(body(length)))).statusCode;
    expect(await status("/", 1000)).toBe(200);
    expect(await status("/", 1001)).toBe(413);
    expect(await status("/wide", 2000)).toBe(200);
    expect(await status("/wide", 2001)).toBe(413);
  });

  it("is held to the limit of its route, where no other is given", async () => {
    const app = await takingApp({}, {}, { bodyLimit: 3000 });
    app.post("/wide", { bodyLimit: 9000 }, async () => "ok");
    const status = async (url: string, length: number) =>
      (await post(app, url, "gzip", gzipSync(body(length)))).statusCode;
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
      const app = await takingApp({ requests: requests ?? {} }, {}, server);
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
          const payload = ENCODE[coding]?.(plain) ?? Buffer.alloc(0);
          const exchange = await openExchange(origin, {
            method: "POST",
            path: "/stream",
            headers: {
              connection: "close",
              "content-type": STREAM,
              "content-encoding": coding,
              ...(chunked && { "transfer-encoding": "chunked" }),
            },
            body: chunked ? frame(payload) : payload,
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

/** RFC 9112, section 7.1. */
function frame(bytes: Buffer): Buffer {
  const size = `${bytes.length.toString(16)}\r\n`;
  return Buffer.concat([Buffer.from(size), bytes, Buffer.from("\r\n0\r\n\r\n")]);
}

describe("over a real connection", () => {
  it("a refusal arrives although the body never ends, and the address is known to whoever logs it", async () => {
    const app = await takingApp();
    const addresses = createRecorder<string>();
    app.addHook("onResponse", async (request) => addresses.record(request.ip));
    const origin = await listen(app);
    const unended = { "content-type": STREAM, "content-length": "9000000" };
    for (const [coding, bytes, status] of [
      ["gzip", Buffer.alloc(50_000, 7), 400],
      ["gzip", gzipSync(Buffer.alloc(20_000_000)), 413],
      ["unheard-of", Buffer.alloc(50_000, 7), 415],
    ] as const) {
      const exchange = await openExchange(origin, {
        method: "POST",
        path: "/stream",
        headers: { ...unended, "content-encoding": coding },
        body: bytes,
      });
      expect((await exchange.head()).status).toBe(status);
      expect(JSON.parse(await exchange.wholeBody())).toMatchObject({ statusCode: status });
      exchange.destroy();
    }
    expect(await addresses.until((all) => all.length === 3)).toEqual(Array(3).fill("127.0.0.1"));
  });

  it("a client that goes in the middle ends the handler's reading, and frees the decoder", async () => {
    const app = await createApp();
    await app.register(compress);
    const ends = createRecorder<string>();
    const begun = createRecorder<number>();
    app.addContentTypeParser(STREAM, (_request, payload, done) => done(null, payload));
    app.post("/", async (request) => {
      try {
        for await (const chunk of request.body as AsyncIterable<Buffer>) begun.record(chunk.length);
        ends.record("whole");
      } catch (error) {
        ends.record((error as { code: string }).code);
      }
    });
    const origin = await listen(app);
    const whole = gzipSync(
      Buffer.from(Array.from({ length: 200_000 }, (_, index) => index % 251)),
      {
        finishFlush: constants.Z_SYNC_FLUSH,
      },
    );
    const exchange = await openExchange(origin, {
      method: "POST",
      headers: { "content-type": STREAM, "content-encoding": "gzip", "content-length": "9000000" },
      body: whole,
    });
    await begun.until((all) => all.length > 0);
    exchange.reset();
    expect(await ends.find(() => true)).toBe("COMPRESS_INVALID_BODY");
  });

  it("a handler that reads no further does not hold the connection", async () => {
    const app = await createApp();
    await app.register(compress);
    app.addContentTypeParser(STREAM, (_request, payload, done) => done(null, payload));
    app.post("/", async (request) => {
      for await (const chunk of request.body as AsyncIterable<Buffer>)
        return { first: chunk.length > 0 };
      return {};
    });
    const exchange = await openExchange(await listen(app), {
      method: "POST",
      headers: { "content-type": STREAM, "content-encoding": "gzip" },
      body: gzipSync(Buffer.alloc(900_000)),
    });
    expect(JSON.parse(await exchange.wholeBody())).toEqual({ first: true });
  });

  it("a body that is sent piece by piece is decoded as it comes", async () => {
    const app = await takingApp();
    const whole = gzipSync(body(5000));
    const exchange = await openExchange(await listen(app), {
      method: "POST",
      headers: {
        "content-type": "application/json",
        "content-encoding": "gzip",
        "content-length": String(whole.length),
      },
      body: whole.subarray(0, 10),
    });
    for (let at = 10; at < whole.length; at += 7) exchange.write(whole.subarray(at, at + 7));
    expect(JSON.parse(await exchange.wholeBody())).toEqual({ length: 5000 });
  });

  it("HTTP/2 bodies are decoded too, without a length", async () => {
    const app = await takingApp({}, {}, { http2: true } as object);
    const session = connect(await listen(app));
    onTestFinished(() => session.destroy());
    const ask = async (payload: Buffer, coding = "br") => {
      const stream = session.request({
        ":method": "POST",
        ":path": "/",
        "content-type": "application/json",
        "content-encoding": coding,
      });
      stream.end(payload);
      const [headers] = await once(stream, "response");
      stream.resume();
      return headers[":status"];
    };
    expect(await ask(brotliCompressSync(body(5000)))).toBe(200);
    expect(await ask(brotliCompressSync(body(5_000_000)))).toBe(413);
    expect(await ask(Buffer.from("no"), "gzip")).toBe(400);
    expect(await ask(Buffer.from("no"), "gzip, br")).toBe(415);
  });
});

describe("what is taken", () => {
  it("is zstd where this Node has it, and notices a body that was cut off", async () => {
    const app = await takingApp();
    const whole = Buffer.from("28b52ffd20073900007b2261223a317d", "hex");
    const { statusCode } = await post(app, "/", "zstd", whole);
    expect(statusCode).toBe(REQUEST_CODINGS.includes("zstd") ? 200 : 415);
  });

  it("can be narrowed, and left to the route", async () => {
    const app = await takingApp({ requests: { codings: ["gzip"] } });
    app.post(
      "/any",
      { config: { compress: { requests: false } } },
      async (request) => request.body,
    );
    expect((await post(app, "/", "gzip", gzipSync(body(100)))).statusCode).toBe(200);
    const refused = await post(app, "/", "br", brotliCompressSync(body(100)));
    expect(refused.statusCode).toBe(415);
    expect(refused.headers["accept-encoding"]).toBe("gzip, identity");
    const raw = await post(app, "/any", "unheard-of", Buffer.from('{"a":1}'));
    expect(raw.json()).toEqual({ a: 1 });
  });

  it("is decoded also where responses are not encoded", async () => {
    const app = await takingApp();
    app.post("/secret", { config: { compress: false } }, async (request) => request.body);
    expect((await post(app, "/secret", "gzip", gzipSync('{"a":1}'))).json()).toEqual({ a: 1 });
  });

  it("is nothing where that is turned off", async () => {
    const app = await takingApp({ requests: false });
    expect((await post(app, "/", "gzip", gzipSync(body(100)))).json().code).not.toMatch(/COMPRESS/);
    expect((await post(app, "/", "unheard-of", Buffer.from(body(100)))).statusCode).toBe(200);
  });
});
