import { randomBytes } from "node:crypto";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";
import { createApp, WAYS } from "@enfilade/line-testing";
import { createRecorder, listen, openExchange, requestHttp2 } from "@enfilade/testing";
import { describe, expect, it } from "vitest";
import { compress } from "../src/index.ts";
import { REQUEST_CODINGS } from "./apps.ts";
import { chunkOf, encoded, jsonOf, LAST_CHUNK, post, STREAM, takingApp } from "./bodies.ts";
import { zstd } from "./zlib.ts";

describe.each(WAYS)("the body of a request, %s", (way) => {
  it.each(REQUEST_CODINGS)("is decoded from %s", async (coding) => {
    const app = await takingApp({}, { way });
    const payload = encoded(coding, jsonOf(50_000));
    expect((await post(app, "/", coding, payload)).json()).toEqual({ length: 50_000 });
    expect((await post(app, "/stream", coding, payload, STREAM)).json()).toEqual({
      length: 50_000,
    });
  });

  it.each(["GZIP", "x-gzip", "identity, gzip", " gzip ,identity"])(
    "is decoded by any name of its coding: %j",
    async (coding) => {
      const app = await takingApp({}, { way });
      expect((await post(app, "/", coding, gzipSync(jsonOf(100)))).json()).toEqual({ length: 100 });
    },
  );

  it("is left alone where it is not encoded, or where there is none", async () => {
    const app = await takingApp({}, { way });
    app.get("/", async () => ({ ok: true }));
    app.post("/none", async () => ({ ok: true }));
    for (const coding of ["identity", "", "Identity, identity"]) {
      expect((await post(app, "/", coding, Buffer.from(jsonOf(100)))).json()).toEqual({
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
    const app = await takingApp({}, { way });
    const nested = coding.split(", ").reduce((inner) => gzipSync(inner), Buffer.from(jsonOf(100)));
    const response = await post(app, "/", coding, nested);
    expect(response.statusCode).toBe(415);
    expect(response.json().code).toBe("COMPRESS_UNSUPPORTED_CODING");
    expect(response.headers["accept-encoding"]).toBe([...REQUEST_CODINGS, "identity"].join(", "));
  });

  it.each(REQUEST_CODINGS)(
    "is refused with 400 when it is not %s, or cut short",
    async (coding) => {
      const app = await takingApp({}, { way });
      const whole = encoded(coding, jsonOf(5000));
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

  it.each(REQUEST_CODINGS)(
    "is refused with 400 when something follows the end of its %s",
    async (coding) => {
      const app = await takingApp({}, { way });
      const whole = encoded(coding, jsonOf(5000));
      for (const rest of [Buffer.from("more"), Buffer.alloc(8), encoded("deflate", "more")]) {
        for (const [url, type] of [
          ["/", "application/json"],
          ["/stream", STREAM],
        ] as const) {
          const response = await post(app, url, coding, Buffer.concat([whole, rest]), type);
          expect(response.statusCode).toBe(400);
          expect(response.json().code).toBe("COMPRESS_INVALID_BODY");
        }
      }
    },
  );
});

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
    const whole = gzipSync(jsonOf(5000));
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

  it("what follows the end of a body is not left lying before the next request", async () => {
    const app = await takingApp();
    const ends = createRecorder<number>();
    app.addHook("onResponse", async (_request, reply) => ends.record(reply.statusCode));
    const exchange = await openExchange(await listen(app), {
      method: "POST",
      path: "/stream",
      headers: {
        "content-type": STREAM,
        "content-encoding": "deflate",
        "transfer-encoding": "chunked",
      },
      body: chunkOf(encoded("deflate", "text")),
    });
    for (let index = 0; index < 20; index++) exchange.write(chunkOf(Buffer.alloc(16_384, 7)));
    exchange.write(LAST_CHUNK);
    exchange.write("POST /stream HTTP/1.1\r\nhost: a\r\ncontent-length: 0\r\n\r\n");
    expect(await ends.until((all) => all.length === 2)).toEqual([400, expect.any(Number)]);
  });

  it("HTTP/2 bodies are decoded too, without a length", async () => {
    const app = await takingApp({}, { http2: true });
    const origin = await listen(app);
    const ask = async (body: Buffer, coding = "br") => {
      const headers = { "content-type": "application/json", "content-encoding": coding };
      return (await requestHttp2(origin, { headers, body })).statusCode;
    };
    expect(await ask(brotliCompressSync(jsonOf(5000)))).toBe(200);
    expect(await ask(brotliCompressSync(jsonOf(5_000_000)))).toBe(413);
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

  it.each(REQUEST_CODINGS.filter((coding) => coding === "zstd"))(
    "is no frame of %s that asks for more memory than HTTP allows (RFC 9659)",
    async (coding) => {
      const app = await takingApp({}, { bodyLimit: 50_000_000 });
      const { ZSTD_c_windowLog } = constants as unknown as { ZSTD_c_windowLog: number };
      const noise = randomBytes(100_000).toString("hex");
      const framed = async (windowLog: number) => {
        // Only a stream, whose length nobody knows beforehand, says how large its window is.
        const encoder = zstd.createZstdCompress({ params: { [ZSTD_c_windowLog]: windowLog } });
        encoder.write(noise);
        encoder.end();
        const payload = Buffer.concat(await encoder.toArray());
        return (await post(app, "/stream", coding, payload, STREAM)).statusCode;
      };
      expect(await framed(23)).toBe(200);
      expect(await framed(24)).toBe(400);
    },
  );

  it("can be narrowed, and left to the route", async () => {
    const app = await takingApp({ requests: { codings: ["gzip"] } });
    app.post(
      "/any",
      { config: { compress: { requests: false } } },
      async (request) => request.body,
    );
    expect((await post(app, "/", "gzip", gzipSync(jsonOf(100)))).statusCode).toBe(200);
    const refused = await post(app, "/", "br", brotliCompressSync(jsonOf(100)));
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
    expect((await post(app, "/", "gzip", gzipSync(jsonOf(100)))).json().code).not.toMatch(
      /COMPRESS/,
    );
    expect((await post(app, "/", "unheard-of", Buffer.from(jsonOf(100)))).statusCode).toBe(200);
  });
});
