import { randomBytes } from "node:crypto";
import { PassThrough, Readable } from "node:stream";
import {
  constants,
  createBrotliDecompress,
  createGunzip,
  createInflate,
  gzipSync,
} from "node:zlib";
import { createApp, WAYS, type Way } from "@enfilade/line-testing";
import { createRecorder, listen, openExchange } from "@enfilade/testing";
import type { FastifyReply } from "fastify";
import { describe, expect, it } from "vitest";
import { CODECS } from "../src/codings.ts";
import { type Coding, type CompressOptions, compress } from "../src/index.ts";
import { encodeStream } from "../src/stream.ts";
import { CODINGS, compressApp } from "./apps.ts";
import { zstd } from "./zlib.ts";

/** What a client has been able to decode so far. */
function createDecoder(coding: string) {
  const texts = createRecorder<string>();
  const decoder =
    coding === "br"
      ? createBrotliDecompress()
      : coding === "gzip"
        ? createGunzip({ finishFlush: constants.Z_SYNC_FLUSH })
        : coding === "deflate"
          ? createInflate()
          : zstd.createZstdDecompress();
  decoder.on("data", (chunk: Buffer) => texts.record(chunk.toString()));
  decoder.on("error", () => {});
  return { decoder, seen: () => texts.items.join(""), until: texts.until };
}

/** A source that gives what it is told to, and tells how it ended. */
function createSource() {
  const ends = createRecorder<string>();
  const source = new PassThrough();
  source.on("close", () => ends.record("closed"));
  source.on("error", () => {});
  return { source, ends };
}

async function streaming(
  send: (reply: FastifyReply) => unknown,
  options: CompressOptions = {},
  way: Way = "alone",
) {
  const app = await compressApp(options, { way });
  app.get("/", (_request, reply) => void send(reply));
  return { origin: await listen(app) };
}

describe.each(WAYS)("a stream, %s", (way) => {
  it.each(CODINGS)("holds nothing back while it waits for more: %s", async (coding) => {
    const { source } = createSource();
    const { origin } = await streaming((reply) => reply.type("text/plain").send(source), {}, way);
    source.write("first ");
    const exchange = await openExchange(origin, { headers: { "accept-encoding": coding } });
    expect((await exchange.head()).header("content-encoding")).toBe(coding);
    const { decoder, seen, until } = createDecoder(coding);
    let decoded = 0;
    const expectText = async (text: string) => {
      for (;;) {
        const body = await exchange.bodyBytes(decoded + 1);
        decoder.write(body.subarray(decoded));
        decoded = body.length;
        await new Promise((resolve) => decoder.write("", resolve));
        if (seen() === text) return;
      }
    };
    await expectText("first ");
    source.write("second ");
    await expectText("first second ");
    source.end("last");
    await exchange.wholeBody();
    decoder.end((await exchange.bodyBytes(decoded)).subarray(decoded));
    await until(() => seen() === "first second last");
  });

  it.each([
    ["of Node", (source: Readable) => source],
    ["of the web", (source: Readable) => Readable.toWeb(source)],
    ["in a Response", (source: Readable) => new Response(Readable.toWeb(source) as ReadableStream)],
  ])("%s is closed to its source when the client goes", async (_what, wrap) => {
    const { source, ends } = createSource();
    const { origin } = await streaming(
      (reply) => reply.type("text/plain").send(wrap(source)),
      {},
      way,
    );
    source.write("some text");
    const exchange = await openExchange(origin, { headers: { "accept-encoding": "gzip" } });
    await exchange.bodyBytes(1);
    expect(source.destroyed).toBe(false);
    exchange.reset();
    await ends.find((end) => end === "closed");
    expect(source.destroyed).toBe(true);
  });

  it("is closed to its source when the client goes before its first byte", async () => {
    const { source, ends } = createSource();
    const asked = createRecorder<string>();
    const { origin } = await streaming(
      (reply) => {
        reply.type("text/plain").send(source);
        asked.record("asked");
      },
      {},
      way,
    );
    const exchange = await openExchange(origin, { headers: { "accept-encoding": "br" } });
    await asked.until((all) => all.length === 1);
    exchange.destroy();
    await ends.find((end) => end === "closed");
  });

  it("that fails on its way breaks the response off: nobody takes it for whole", async () => {
    const { source } = createSource();
    const { origin } = await streaming((reply) => reply.type("text/plain").send(source), {}, way);
    source.write("some text");
    const exchange = await openExchange(origin, { headers: { "accept-encoding": "gzip" } });
    await exchange.bodyBytes(1);
    source.destroy(new Error("disk gone"));
    await exchange.closed();
    await expect(exchange.wholeBody()).rejects.toThrow(/closed before/);
  });
});

it("a stream is read no faster than it is read from", async () => {
  for (const coding of CODINGS) {
    let given = 0;
    const source = new Readable({
      read() {
        given += 1;
        // Noise does not get shorter.
        this.push(randomBytes(16_384));
      },
    });
    const encoded = encodeStream(source, coding as Coding, 3, "bulk");
    const full = () => encoded.readableLength >= encoded.readableHighWaterMark && source.isPaused();
    encoded.read(0);
    while (!full()) await new Promise(setImmediate);
    const before = given;
    for (let turn = 0; turn < 100; turn++) await new Promise(setImmediate);
    expect(given).toBe(before);
    expect(given).toBeLessThan(30);
    encoded.destroy();
  }
});

describe("a burst", () => {
  it("is flushed once, not piece by piece", async () => {
    const pieces = Array.from({ length: 2000 }, (_, index) => `{"index":${index}}\n`);
    const { origin } = await streaming((reply) =>
      reply.type("application/x-ndjson").send(Readable.from(pieces, { objectMode: false })),
    );
    const response = await fetch(origin, { headers: { "accept-encoding": "gzip" } });
    expect(await response.text()).toBe(pieces.join(""));
    const raw = await openExchange(origin, { headers: { "accept-encoding": "gzip" } });
    await raw.wholeBody();
    const { length } = await raw.bodyBytes(0);
    // Flushed piece by piece it would be more than twice as long as whole; five bytes each are the mark of a flush.
    expect(length).toBeLessThan(gzipSync(pieces.join(""), { level: 3 }).length + 5 * 200);
  });
});

describe("server-sent events", () => {
  const events = (reply: FastifyReply, source: Readable) =>
    reply.type("text/event-stream").header("cache-control", "no-cache").send(source);

  it("are left alone unless they are opted in", async () => {
    const { source } = createSource();
    const { origin } = await streaming((reply) => events(reply, source));
    source.write("data: 1\n\n");
    const exchange = await openExchange(origin, { headers: { "accept-encoding": "gzip" } });
    expect(await exchange.bodyUntil("data: 1\n\n")).toBe("data: 1\n\n");
    expect((await exchange.head()).header("content-encoding")).toBeUndefined();
    expect((await exchange.head()).header("vary")).toBeUndefined();
    source.write("data: 2\n\n");
    await exchange.bodyUntil("data: 2\n\n");
  });

  it.each(CODINGS)("are flushed one by one, once they are: %s", async (coding) => {
    const { source, ends } = createSource();
    const { origin } = await streaming((reply) => events(reply, source), { eventStreams: true });
    const exchange = await openExchange(origin, { headers: { "accept-encoding": coding } });
    const { decoder, seen } = createDecoder(coding);
    let decoded = 0;
    let expected = "";
    for (let index = 0; index < 5; index++) {
      const event = `id: ${index}\ndata: {"token":"${"word ".repeat(index)}"}\n\n`;
      source.write(event);
      expected += event;
      while (seen() !== expected) {
        const body = await exchange.bodyBytes(decoded + 1);
        decoder.write(body.subarray(decoded));
        decoded = body.length;
        await new Promise((resolve) => decoder.write("", resolve));
      }
    }
    expect((await exchange.head()).header("content-encoding")).toBe(coding);
    expect((await exchange.head()).header("vary")).toBe("Accept-Encoding");
    exchange.destroy();
    await ends.find((end) => end === "closed");
  });

  it("can be opted in on one route", async () => {
    const app = await createApp();
    await app.register(compress);
    const config = { compress: { eventStreams: true } };
    const handler = (_request: unknown, reply: FastifyReply) =>
      events(reply, Readable.from(["data: 1\n\n"]));
    app.get("/encoded", { config }, handler);
    app.get("/plain", handler);
    const headers = { "accept-encoding": "gzip" };
    const encoded = await app.inject({ url: "/encoded", headers });
    expect(encoded.headers["content-encoding"]).toBe("gzip");
    const plain = await app.inject({ url: "/plain", headers });
    expect(plain.body).toBe("data: 1\n\n");
  });

  it("get the coding that takes the least for them, of those that the client likes alike", async () => {
    const coding = async (options: CompressOptions) => {
      const app = await compressApp({ eventStreams: true, ...options });
      app.get("/", (_request, reply) => events(reply, Readable.from(["data: 1\n\n"])));
      const headers = { "accept-encoding": "br, deflate, gzip" };
      return (await app.inject({ url: "/", headers })).headers["content-encoding"];
    };
    expect(await coding({})).toBe("gzip");
    expect(await coding({ codings: ["deflate", "gzip"] })).toBe("deflate");
  });

  it("find what they repeat in one another, at every level", async () => {
    const long = `data: ${JSON.stringify({ model: "a".repeat(50), choices: [{ delta: "word" }] })}\n\n`;
    for (const [coding, codec] of CODECS) {
      for (const level of [codec.levels.min, codec.levels.fallback]) {
        const encoder = codec.createEncoder(level, "events");
        let length = 0;
        encoder.on("data", (chunk: Buffer) => {
          length += chunk.length;
        });
        for (let index = 0; index < 50; index++) {
          await new Promise((resolve) => encoder.write(long, resolve));
        }
        expect(length, `${coding} ${level}`).toBeLessThan((long.length * 50) / 4);
        encoder.destroy();
      }
    }
  });
});
