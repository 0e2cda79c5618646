import { createReadStream } from "node:fs";
import { Readable } from "node:stream";
import { createApp, WAYS } from "@enfilade/line-testing";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { COMPRESS_NOT_ACCEPTABLE, compress } from "../src/index.ts";
import { CODINGS, compressApp, LONG, LONG_TEXT, textOf } from "./apps.ts";

const gzip = { "accept-encoding": "gzip" };

describe.each(WAYS)("a response, %s", (way) => {
  it.each(CODINGS)("is sent in %s when the client wants that, and says so", async (coding) => {
    const app = await compressApp({}, { way });
    app.get("/", async () => LONG);
    const response = await app.inject({ url: "/", headers: { "accept-encoding": coding } });
    expect(response.headers).toMatchObject({
      "content-encoding": coding,
      "content-type": "application/json; charset=utf-8",
      "content-length": String(response.rawPayload.length),
      vary: "Accept-Encoding",
    });
    expect(response.rawPayload.length).toBeLessThan(LONG_TEXT.length / 3);
    expect(textOf(response)).toBe(LONG_TEXT);
  });

  it("varies as it is too, once it could have been encoded", async () => {
    const app = await compressApp({}, { way });
    app.get("/", async () => LONG);
    for (const headers of [{}, { "accept-encoding": "identity" }, { "accept-encoding": "" }]) {
      const response = await app.inject({ url: "/", headers });
      expect(response.headers).not.toHaveProperty("content-encoding");
      expect(response.headers.vary).toBe("Accept-Encoding");
      expect(response.body).toBe(LONG_TEXT);
    }
  });

  it.each([
    ["text", (text: string) => text],
    ["a buffer", (text: string) => Buffer.from(text)],
    ["a typed array", (text: string) => new TextEncoder().encode(text)],
    ["a stream", (text: string) => Readable.from([text.slice(0, 9000), text.slice(9000)])],
    ["a stream of buffers", (text: string) => Readable.from([Buffer.from(text)])],
    ["a web stream", (text: string) => new Blob([text]).stream()],
    ["a Response", (text: string) => new Response(text)],
  ])("is encoded when it is %s", async (_what, make) => {
    const app = await compressApp({}, { way });
    app.get("/", (_request, reply) => reply.type("text/plain").send(make(LONG_TEXT)));
    const response = await app.inject({ url: "/", headers: gzip });
    expect(response.headers["content-encoding"]).toBe("gzip");
    expect(textOf(response)).toBe(LONG_TEXT);
  });

  it("is encoded on a thread when it is large", async () => {
    const text = LONG_TEXT.repeat(10);
    const app = await compressApp({}, { way });
    app.get("/", async () => text);
    for (const coding of CODINGS) {
      const response = await app.inject({ url: "/", headers: { "accept-encoding": coding } });
      expect(response.headers["content-encoding"]).toBe(coding);
      expect(response.headers["content-length"]).toBe(String(response.rawPayload.length));
      expect(textOf(response)).toBe(text);
    }
  });

  it("is encoded when nothing was found, and when something failed", async () => {
    const app = await compressApp({ minBytes: 10 }, { way });
    app.get("/fails", async () => {
      throw new Error("a long story of what went wrong");
    });
    app.post("/schema", { schema: { body: { type: "object", required: ["a"] } } }, async () => "");
    for (const [method, url, status] of [
      ["GET", "/nowhere", 404],
      ["GET", "/fails", 500],
      ["POST", "/schema", 400],
    ] as const) {
      const payload = method === "POST" ? { payload: {} } : {};
      const response = await app.inject({ method, url, headers: gzip, ...payload });
      expect(response.statusCode).toBe(status);
      expect(response.headers["content-encoding"]).toBe("gzip");
      expect(JSON.parse(textOf(response)).statusCode).toBe(status);
    }
  });

  it("is encoded as hooks of users have left it", async () => {
    const app = await compressApp({ minBytes: 0 }, { way: "in line" });
    app.addHook("onSend", async (_request, _reply, payload) => `${payload}!`);
    app.get("/", { onSend: async (_q, _r, payload) => `${payload}?` }, async () => "text");
    expect(textOf(await app.inject({ url: "/", headers: gzip }))).toBe("text!?");
  });

  it("answers HEAD as it would GET, but for the length that nobody has found out", async () => {
    const app = await compressApp({}, { way });
    app.get("/long", (_request, reply) => reply.header("etag", '"1"').send(LONG));
    app.get("/short", async () => ({ ok: true }));
    app.get("/stream", (_request, reply) => reply.type("text/plain").send(Readable.from(["a"])));
    app.get(
      "/response",
      async () => new Response(LONG_TEXT, { headers: { "content-type": "text/a" } }),
    );
    // Fastify itself answers HEAD with 500 for a Response, unless a hook has unwrapped it before its own.
    const response = way === "in line" ? [] : ["/response"];
    for (const url of ["/long", "/short", "/stream", ...response]) {
      for (const headers of [gzip, {}]) {
        const get = await app.inject({ method: "GET", url, headers });
        const head = await app.inject({ method: "HEAD", url, headers });
        const expected: Record<string, unknown> = { ...get.headers, date: head.headers.date };
        delete expected["transfer-encoding"];
        if (get.headers["content-encoding"] !== undefined) delete expected["content-length"];
        expect(head.headers).toEqual(expected);
        expect(head.body).toBe("");
      }
    }
  });
});

describe("a response is left as it is", () => {
  it("when it is small: nothing is read or written for it", async () => {
    const app = await compressApp();
    app.get("/", async () => ({ ok: true }));
    const response = await app.inject({ url: "/", headers: gzip });
    expect(response.headers).not.toHaveProperty("content-encoding");
    expect(response.headers).not.toHaveProperty("vary");
  });

  it("below the bound to the byte, counted in UTF-8", async () => {
    const app = await compressApp({ minBytes: 30 });
    const texts = { below: `${"ä".repeat(14)}a`, at: "ä".repeat(15), ascii: "a".repeat(30) };
    for (const [name, text] of Object.entries(texts)) {
      app.get(`/${name}`, async () => text);
      app.get(`/${name}/buffer`, (_q, reply) => reply.type("text/plain").send(Buffer.from(text)));
    }
    for (const [name, text] of Object.entries(texts)) {
      for (const url of [`/${name}`, `/${name}/buffer`]) {
        const response = await app.inject({ url, headers: gzip });
        expect(response.headers["content-encoding"]).toBe(name === "below" ? undefined : "gzip");
        expect(textOf(response)).toBe(text);
      }
    }
  });

  it.each([
    ["is packed already", { "content-encoding": "br" }],
    ["must not be transformed", { "cache-control": "public, no-transform" }],
    ["must not be transformed, in several fields", { "cache-control": ["public", "No-Transform"] }],
    ["is a part of it", { "content-range": "bytes 0-1999/4000" }],
    ["has a digest of its bytes", { "content-digest": "sha-256=:abc:" }],
    ["has a digest of its representation", { "repr-digest": "sha-256=:abc:" }],
    ["is an image", { "content-type": "image/png" }],
    ["is bytes of no known kind", { "content-type": "application/octet-stream" }],
    ["is an event stream", { "content-type": "text/event-stream; charset=utf-8" }],
    ["has a type that only looks like text", { "content-type": "application/text-archive" }],
  ])("when it %s", async (_what, headers) => {
    const app = await compressApp();
    app.get("/", (_request, reply) => {
      reply.type("text/plain").headers(headers);
      reply.send(LONG_TEXT);
    });
    app.get("/stream", (_request, reply) => {
      reply.type("text/plain").headers(headers);
      reply.send(Readable.from([LONG_TEXT]));
    });
    for (const url of ["/", "/stream"]) {
      const response = await app.inject({ url, headers: gzip });
      expect(response.body).toBe(LONG_TEXT);
      expect(response.headers["content-encoding"]).toBe(
        (headers as Record<string, unknown>)["content-encoding"],
      );
      expect(response.headers).not.toHaveProperty("vary");
    }
  });

  it.each([204, 205, 206, 304])("with the status %i", async (status) => {
    const app = await compressApp();
    app.get("/", (_request, reply) => reply.code(status).type("text/plain").send(LONG_TEXT));
    const response = await app.inject({ url: "/", headers: gzip });
    expect(response.statusCode).toBe(status);
    expect(response.headers).not.toHaveProperty("content-encoding");
  });

  it("when the request must not be transformed on its way; another's may be, so that it varies", async () => {
    const app = await compressApp();
    app.get("/", async () => LONG);
    const headers = { ...gzip, "cache-control": "no-transform" };
    const response = await app.inject({ url: "/", headers });
    expect(response.headers).not.toHaveProperty("content-encoding");
    expect(response.headers.vary).toBe("Accept-Encoding");
  });

  it("when it is a stream that is told to be small, or of an untold kind", async () => {
    const app = await compressApp();
    app.get("/small", (_request, reply) =>
      reply
        .type("text/plain")
        .header("content-length", 3)
        .send(Readable.from(["abc"])),
    );
    app.get("/untold", (_request, reply) => reply.send(createReadStream(import.meta.filename)));
    for (const url of ["/small", "/untold"]) {
      const response = await app.inject({ url, headers: gzip });
      expect(response.headers).not.toHaveProperty("content-encoding");
    }
  });

  it("when it has no body, or an empty one", async () => {
    const app = await compressApp({ minBytes: 0 });
    app.get("/none", (_request, reply) => reply.code(204).send());
    app.get("/empty", (_request, reply) => reply.type("text/plain").send(""));
    app.get("/undefined", (_request, reply) => reply.send());
    app.get("/response", async () => new Response(null, { status: 201, headers: { a: "b" } }));
    for (const url of ["/none", "/empty", "/undefined", "/response"]) {
      const response = await app.inject({ url, headers: gzip });
      expect(response.headers).not.toHaveProperty("content-encoding");
      expect(response.body).toBe("");
    }
    expect((await app.inject("/response")).headers).toMatchObject({ a: "b" });
  });

  it("where its route says so", async () => {
    const app = await compressApp();
    app.get("/secret", { config: { compress: false } }, async () => LONG);
    const response = await app.inject({ url: "/secret", headers: gzip });
    expect(response.headers).not.toHaveProperty("content-encoding");
    expect(response.headers).not.toHaveProperty("vary");
    expect(response.body).toBe(LONG_TEXT);
  });
});

describe("text that begins as zlib's own bytes do", () => {
  it("is encoded as any other, where @fastify/compress sends it bare under the name of an encoding", async () => {
    const app = await compressApp({ minBytes: 0 });
    app.post("/", { config: {} }, (request, reply) => reply.type("text/csv").send(request.body));
    app.post("/stream", (request, reply) =>
      reply.type("text/csv").send(Readable.from([request.body as string])),
    );
    const beginnings = fc.oneof(
      fc.constantFrom("80,90\n", "x\u0001", "hCard", "HK,", "(\u0015", "X\u0005"),
      fc.string({ minLength: 1 }),
    );
    await fc.assert(
      fc.asyncProperty(beginnings, fc.constantFrom("/", "/stream"), async (beginning, url) => {
        const payload = beginning.repeat(300);
        const headers = { ...gzip, "content-type": "text/plain" };
        const response = await app.inject({ method: "POST", url, headers, payload });
        expect(response.headers["content-encoding"]).toBe("gzip");
        expect(textOf(response)).toBe(payload);
      }),
      { numRuns: 60 },
    );
  });
});

describe("the headers of an encoded response", () => {
  it("have a weak ETag, no Accept-Ranges, and no length of another body", async () => {
    const app = await compressApp();
    const given = { etag: '"v1"', "accept-ranges": "bytes", "content-length": LONG_TEXT.length };
    app.get("/", (_q, reply) => reply.headers(given).type("text/plain").send(LONG_TEXT));
    app.get("/stream", (_q, reply) =>
      reply
        .headers(given)
        .type("text/plain")
        .send(Readable.from([LONG_TEXT])),
    );
    for (const url of ["/", "/stream"]) {
      const { headers } = await app.inject({ url, headers: gzip });
      expect(headers.etag).toBe('W/"v1"');
      expect(headers).not.toHaveProperty("accept-ranges");
      expect(headers["content-length"]).not.toBe(String(LONG_TEXT.length));
      const plain = (await app.inject({ url })).headers;
      expect(plain).toMatchObject({ etag: '"v1"', "accept-ranges": "bytes" });
    }
  });

  it.each([
    ['W/"v1"', 'W/"v1"'],
    ['"v1"', 'W/"v1"'],
    ['""', 'W/""'],
  ])("turn the ETag %s into %s", async (etag, expected) => {
    const app = await compressApp();
    app.get("/", (_request, reply) => reply.header("etag", etag).send(LONG));
    expect((await app.inject({ url: "/", headers: gzip })).headers.etag).toBe(expected);
  });

  it.each([
    ["Origin", "Origin, Accept-Encoding"],
    [["Origin", "Accept"], "Origin, Accept, Accept-Encoding"],
    ["accept-encoding", "accept-encoding"],
    ["*", "*"],
    ["X-Accept-Encoding", "X-Accept-Encoding, Accept-Encoding"],
    ["", "Accept-Encoding"],
  ])("add to a Vary of %j", async (vary, expected) => {
    const app = await compressApp();
    app.get("/", (_request, reply) => reply.header("vary", vary).send(LONG));
    for (const headers of [gzip, {}]) {
      expect((await app.inject({ url: "/", headers })).headers.vary).toBe(expected);
    }
  });

  it("are a Response's own, cookie by cookie, with its status", async () => {
    const app = await compressApp();
    app.get("/", (_request, reply) => {
      const headers = new Headers({ "content-type": "text/plain", etag: '"v1"', vary: "Cookie" });
      headers.append("set-cookie", "a=1; Expires=Wed, 21 Oct 2026 07:28:00 GMT");
      headers.append("set-cookie", "b=2");
      reply.header("x-before", "kept").send(new Response(LONG_TEXT, { status: 203, headers }));
    });
    const response = await app.inject({ url: "/", headers: gzip });
    expect(response.statusCode).toBe(203);
    expect(response.headers).toMatchObject({
      "content-encoding": "gzip",
      etag: 'W/"v1"',
      vary: "Cookie, Accept-Encoding",
      "x-before": "kept",
      "set-cookie": ["a=1; Expires=Wed, 21 Oct 2026 07:28:00 GMT", "b=2"],
    });
    expect(textOf(response)).toBe(LONG_TEXT);
  });

  it("belong to the error, once the stream that they were for has failed before them", async () => {
    for (const way of WAYS) {
      const app = await compressApp({ minBytes: 10 }, { way });
      app.get("/", (_request, reply) => {
        reply.header("etag", '"file"').type("text/plain");
        reply.send(createReadStream("/nowhere/to/be/found"));
      });
      const response = await app.inject({ url: "/", headers: gzip });
      expect(response.statusCode).toBe(500);
      expect(response.headers).not.toHaveProperty("etag");
      expect(response.headers["content-encoding"]).toBe("gzip");
      expect(JSON.parse(textOf(response))).toMatchObject({ statusCode: 500 });
    }
  });

  it("leave a Response that was read before to Fastify, which refuses it", async () => {
    const app = await compressApp();
    app.get("/", async () => {
      const response = new Response(LONG_TEXT);
      await response.text();
      return response;
    });
    expect((await app.inject({ url: "/", headers: gzip })).statusCode).toBe(500);
  });
});

describe("a response that was not modified", () => {
  it("varies, and names the ETag in the form that the client knows", async () => {
    const app = await compressApp();
    app.get("/", (_request, reply) => reply.header("etag", '"v1"').code(304).send());
    const ask = (known: string) =>
      app.inject({ url: "/", headers: { ...gzip, "if-none-match": known } });
    expect((await ask('W/"v1"')).headers).toMatchObject({
      etag: 'W/"v1"',
      vary: "Accept-Encoding",
    });
    expect((await ask('"v0", W/"v1"')).headers.etag).toBe('W/"v1"');
    expect((await ask('"v1"')).headers.etag).toBe('"v1"');
    expect((await ask("*")).headers.etag).toBe('"v1"');
  });

  it("varies in whatever form it is sent", async () => {
    const app = await compressApp();
    const etag = '"v1"';
    app.get("/text", (_request, reply) => reply.header("etag", etag).code(304).send(""));
    app.get("/response", async () => new Response(null, { status: 304, headers: { etag } }));
    for (const url of ["/text", "/response"]) {
      const headers = { ...gzip, "if-none-match": 'W/"v1"' };
      const response = await app.inject({ url, headers });
      expect(response.statusCode).toBe(304);
      expect(response.headers).toMatchObject({ etag: 'W/"v1"', vary: "Accept-Encoding" });
    }
  });
});

describe("a client that refuses a body without a coding", () => {
  const refusals = ["gzip, identity;q=0", "gzip;q=0.1, *;q=0"];

  it.each(refusals)("gets every body in one, small or of whatever kind: %s", async (accept) => {
    const app = await compressApp();
    app.get("/small", async () => ({ ok: true }));
    app.get("/image", (_request, reply) => reply.type("image/png").send(Buffer.from("png")));
    app.get("/untold", (_request, reply) => reply.send(Readable.from(["a"])));
    for (const url of ["/small", "/image", "/untold", "/nowhere"]) {
      const response = await app.inject({ url, headers: { "accept-encoding": accept } });
      expect(response.headers["content-encoding"], url).toBe("gzip");
      expect(response.headers.vary).toBe("Accept-Encoding");
      expect(textOf(response)).not.toBe("");
    }
  });

  it.each([
    "identity;q=0",
    "*;q=0",
    "compress, *;q=0",
    "br;q=0, gzip;q=0, deflate;q=0, zstd;q=0, identity;q=0",
  ])("and any other, is told so before the work is done: %s", async (accept) => {
    for (const way of WAYS) {
      let worked = false;
      const app = await compressApp({}, { way });
      app.post("/", async () => {
        worked = true;
      });
      const headers = { "accept-encoding": accept };
      const response = await app.inject({ method: "POST", url: "/", headers });
      expect(response.statusCode).toBe(406);
      expect(response.json().code).toBe(new COMPRESS_NOT_ACCEPTABLE().code);
      expect(response.headers).not.toHaveProperty("content-encoding");
      expect(worked).toBe(false);
      expect((await app.inject({ url: "/nowhere", headers })).statusCode).toBe(406);
    }
  });

  it("is told so on a route whose answers are never encoded", async () => {
    const app = await compressApp();
    app.get("/secret", { config: { compress: false } }, async () => "secret");
    const [accept = ""] = refusals;
    const response = await app.inject({ url: "/secret", headers: { "accept-encoding": accept } });
    expect(response.statusCode).toBe(406);
  });

  it("gets what somebody further out has to say all the same", async () => {
    const app = await createApp();
    app.addHook("onRequest", async (_request, reply) => reply.code(403).send({ refused: true }));
    await app.register(compress);
    const response = await app.inject({ url: "/", headers: { "accept-encoding": "identity;q=0" } });
    expect(response.statusCode).toBe(403);
    expect(response.json()).toEqual({ refused: true });
  });
});
