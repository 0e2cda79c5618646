import { randomBytes } from "node:crypto";
import { Readable } from "node:stream";
import { brotliCompressSync, deflateSync, gzipSync } from "node:zlib";
import { listen } from "@enfilade/testing";
import compress from "@fastify/compress";
import formbody from "@fastify/formbody";
import { describe, expect, it } from "vitest";
import { Capture } from "../src/capture.ts";
import type { RequestLogOptions } from "../src/index.ts";
import { createLogged } from "./logged.ts";

/** Sends one response of a type, and gives its line. */
async function lineOfResponse(
  options: RequestLogOptions,
  contentType: string,
  body: string | Buffer | Readable,
  headers: Record<string, string> = {},
) {
  const { app, lineOf } = await createLogged({ bodies: "response", ...options });
  app.get("/", (_request, reply) => reply.headers(headers).type(contentType).send(body));
  await app.inject("/");
  return await lineOf("/");
}

/** Sends one request body, and gives its line. */
async function lineOfRequest(
  options: RequestLogOptions,
  payload: string | object,
  contentType = "application/json",
) {
  const { app, lineOf } = await createLogged({ bodies: "request", ...options });
  await app.register(formbody);
  app.addContentTypeParser(
    /^(text|application)\/(?!json|x-www)/,
    { parseAs: "string" },
    (_r, b, done) => done(null, b),
  );
  app.addContentTypeParser("application/octet-stream", { parseAs: "buffer" }, (_r, b, done) =>
    done(null, b),
  );
  app.post("/", async () => "");
  await app.inject({ method: "POST", url: "/", payload, headers: { "content-type": contentType } });
  return await lineOf("/");
}

describe("a request body", () => {
  it("is logged after parsing, with its secrets taken out", async () => {
    const line = await lineOfRequest({}, { user: "ada", password: "p", n: [{ apiKey: "k" }] });
    expect(line.requestBody).toBe(
      '{"user":"ada","password":"[redacted]","n":[{"apiKey":"[redacted]"}]}',
    );
    expect(line).not.toHaveProperty("requestBodyTruncated");
    expect(line).not.toHaveProperty("responseBody");
  });

  it("loses fields by further names and by paths", async () => {
    const line = await lineOfRequest(
      { redact: ["ssn", "customer.email", "messages.*.content"] },
      {
        ssn: "1",
        customer: { email: "a@b.c", name: "Ada" },
        email: "kept@b.c",
        messages: [{ role: "user", content: "private" }],
      },
    );
    expect(JSON.parse(String(line.requestBody))).toEqual({
      ssn: "[redacted]",
      customer: { email: "[redacted]", name: "Ada" },
      email: "kept@b.c",
      messages: [{ role: "user", content: "[redacted]" }],
    });
  });

  it("is cut off at a number of bytes, between two characters", async () => {
    const line = await lineOfRequest({ maxBodyBytes: 10 }, { a: "äöüäöü" });
    expect(line).toMatchObject({ requestBody: '{"a":"äö', requestBodyTruncated: true });
  });

  it("that is cut off in the middle of a secret tells nothing of it", async () => {
    const line = await lineOfRequest({ maxBodyBytes: 16 }, { password: "hunter2hunter2" });
    expect(line).toMatchObject({
      requestBody: '{"password":"[redacted]"',
      requestBodyTruncated: true,
    });
  });

  it("of a form is logged as it was parsed", async () => {
    const line = await lineOfRequest({}, "a=1&password=p", "application/x-www-form-urlencoded");
    expect(line.requestBody).toBe('{"a":"1","password":"[redacted]"}');
  });

  it("of a type that is not listed is not logged", async () => {
    expect(await lineOfRequest({}, "hello", "text/plain")).not.toHaveProperty("requestBody");
  });

  it("that is text is logged where its type is listed, on one line", async () => {
    const options = { contentTypes: ["text/plain"] };
    const line = await lineOfRequest(options, "one\ntwo\u001b[31m", "text/plain");
    expect(line.requestBody).toBe("one\\ntwo\\u{1b}[31m");
  });

  it("that is binary is never logged", async () => {
    const line = await lineOfRequest(
      { contentTypes: ["application/octet*"] },
      "bytes",
      "application/octet-stream",
    );
    expect(line).not.toHaveProperty("requestBody");
  });

  it("that could not be parsed is not there to be logged", async () => {
    const line = await lineOfRequest({}, '{"password":"p"');
    expect(line).toMatchObject({ status: 400 });
    expect(line).not.toHaveProperty("requestBody");
  });

  it("that is no JSON any more is left out", async () => {
    const { app, lineOf } = await createLogged({ bodies: "request" });
    app.post("/", async (request) => {
      const cycle: Record<string, unknown> = {};
      cycle.self = cycle;
      request.body = cycle;
      return "";
    });
    await app.inject({ method: "POST", url: "/", payload: { a: 1 } });
    expect(await lineOf("/")).not.toHaveProperty("requestBody");
  });
});

describe("a response body", () => {
  it("is logged as it was sent, with its secrets taken out", async () => {
    const { app, lineOf } = await createLogged({ bodies: "response" });
    app.get("/", async () => ({ id: 1, access_token: "t", usage: { total_tokens: 9 } }));
    await app.inject("/");
    expect((await lineOf("/")).responseBody).toBe(
      '{"id":1,"access_token":"[redacted]","usage":{"total_tokens":9}}',
    );
  });

  it("is logged over a real connection, hijacked or not", async () => {
    const { app, lineOf } = await createLogged({ bodies: "response" });
    app.get("/sent", async () => ({ a: 1 }));
    app.get("/raw", (_request, reply) => {
      reply.hijack();
      reply.raw.setHeader("content-type", "application/json");
      reply.raw.write('{"a":');
      reply.raw.end("1}");
    });
    const origin = await listen(app);
    for (const path of ["/sent", "/raw"]) await (await fetch(origin + path)).text();
    expect((await lineOf("/sent")).responseBody).toBe('{"a":1}');
    expect((await lineOf("/raw")).responseBody).toBe('{"a":1}');
  });

  it("that is a stream is logged as far as the limit", async () => {
    const pieces = Readable.from(['{"a":"', "x".repeat(20), '"}']);
    const line = await lineOfResponse({ maxBodyBytes: 10 }, "application/json", pieces);
    expect(line).toMatchObject({
      responseBody: '{"a":"xxxx',
      responseBodyTruncated: true,
      bytesSent: 28,
    });
  });

  it("of server-sent events loses the secrets in their data, on however many lines", async () => {
    const events = [
      'event: step\nid: 1\ndata: {"token":"t","text":"hi"}\n\n',
      'data: {\ndata:   "password":\ndata:   "p"\ndata: }\n\n',
      'data: {"a":"\u2028","password":"p"}\r\n\r\n',
      "data: [DONE]\n\ndata: plain words\n\n",
    ];
    const line = await lineOfResponse({}, "text/event-stream", Readable.from(events));
    expect(String(line.responseBody).split("\\n")).toEqual([
      ...["event: step", "id: 1", 'data: {"token":"[redacted]","text":"hi"}', ""],
      ...["data: {", 'data:   "password":', 'data:   "[redacted]"', "data: }", ""],
      ...['data: {"a":"\\u{2028}","password":"[redacted]"}', ""],
      ...["data: [DONE]", "", "data: plain words", "", ""],
    ]);
  });

  it("of NDJSON loses the secrets in each line", async () => {
    const line = await lineOfResponse(
      {},
      "application/x-ndjson",
      '{"pin":1}\n{"pin":2}\n{"a":3}\n',
    );
    expect(line.responseBody).toBe('{"pin":"[redacted]"}\\n{"pin":"[redacted]"}\\n{"a":3}\\n');
  });

  it("of a form loses its secrets", async () => {
    const type = "application/x-www-form-urlencoded";
    const line = await lineOfResponse({}, type, "a=1&refresh_token=t");
    expect(line.responseBody).toBe("a=1&refresh_token=[redacted]");
  });

  it("loses a JSON Web Token and credentials in the middle of a text", async () => {
    const text = "use eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhIn0.c2ln or Bearer abcdefgh";
    const line = await lineOfResponse({}, "application/json", JSON.stringify({ text }));
    expect(line.responseBody).toBe('{"text":"use [redacted] or Bearer [redacted]"}');
  });

  it.each([
    ["gzip", gzipSync],
    ["deflate", deflateSync],
    ["br", brotliCompressSync],
  ] as const)("in %s is logged decoded", async (encoding, encode) => {
    const body = encode(JSON.stringify({ a: 1, secret: "s" }));
    const headers = { "content-encoding": encoding };
    const line = await lineOfResponse({}, "application/json", body, headers);
    expect(line).toMatchObject({
      responseBody: '{"a":1,"secret":"[redacted]"}',
      bytesSent: body.length,
    });
  });

  it("that unfolds to gigabytes is decoded no further than the limit", async () => {
    const bomb = gzipSync(Buffer.alloc(20_000_000, "1"));
    const headers = { "content-encoding": "gzip" };
    const line = await lineOfResponse({}, "application/json", bomb, headers);
    expect(line.responseBodyTruncated).toBe(true);
    expect(String(line.responseBody)).toHaveLength(4096);
  });

  it("whose coding was cut off is decoded as far as it goes", async () => {
    const text = JSON.stringify({ a: randomBytes(6000).toString("hex") });
    const headers = { "content-encoding": "gzip" };
    const line = await lineOfResponse(
      { maxBodyBytes: 500 },
      "application/json",
      gzipSync(text),
      headers,
    );
    expect(line.responseBodyTruncated).toBe(true);
    expect(text.startsWith(String(line.responseBody))).toBe(true);
    expect(String(line.responseBody).length).toBeGreaterThan(100);
  });

  it("is the same with compression inside of the log", async () => {
    const { app, lineOf } = await createLogged({ bodies: "response" });
    await app.register(compress, { threshold: 0 });
    app.get("/", async () => ({ text: "x".repeat(100) }));
    const response = await app.inject({ url: "/", headers: { "accept-encoding": "gzip" } });
    expect(response.headers["content-encoding"]).toBe("gzip");
    expect((await lineOf("/")).responseBody).toBe(`{"text":"${"x".repeat(100)}"}`);
  });

  it.each([
    ["of another type", "text/html", "<p>", {}],
    ["in an unknown coding", "application/json", "{}", { "content-encoding": "zstd" }],
    ["in two codings", "application/json", "{}", { "content-encoding": "gzip, br" }],
    ["in another charset", "application/json; charset=utf-16le", "{}", {}],
    ["that is not UTF-8", "application/json", Buffer.from([0x22, 0xff, 0x22]), {}],
    ["that holds a NUL", "application/json", "\0", {}],
  ])("%s is not logged", async (_, type, body, headers) => {
    const line = await lineOfResponse({}, type, body, headers as Record<string, string>);
    expect(line).not.toHaveProperty("responseBody");
    expect(line.status).toBe(200);
  });

  it("that no client gets is not logged", async () => {
    const { app, lineOf } = await createLogged({ bodies: "response" });
    app.head("/", (_request, reply) => {
      reply.hijack();
      reply.raw.setHeader("content-type", "application/json");
      reply.raw.end('{"a":1}');
    });
    await fetch(await listen(app), { method: "HEAD" });
    const line = await lineOf("/");
    expect(line).toMatchObject({ method: "HEAD", bytesSent: 0 });
    expect(line).not.toHaveProperty("responseBody");
  });

  it("that repeats the address, as Fastify's own 404 does, loses its secrets", async () => {
    const { app, lineOf } = await createLogged({ bodies: "response" });
    await app.inject("/missing?access_token=t0ps3cret&page=2");
    const line = await lineOf("/missing?access_token=[redacted]&page=2");
    expect(line.responseBody).toContain("GET:/missing?access_token=[redacted]&page=2 not found");
  });

  it("is that of the reply that went out, after one whose headers could not", async () => {
    const { app, lineOf } = await createLogged({ bodies: "response" });
    app.setErrorHandler((_error, _request, reply) => {
      reply.removeHeader("x-bad").code(500).type("text/html").send("<p>failed</p>");
    });
    app.get("/", async (_request, reply) => {
      reply.header("x-bad", "a\nb");
      return { a: 1 };
    });
    await app.inject("/");
    const line = await lineOf("/");
    expect(line.status).toBe(500);
    expect(line).not.toHaveProperty("responseBody");
  });
});

describe("bodies", () => {
  it("can be logged on single routes, and not on others", async () => {
    const { app, lineOf } = await createLogged();
    app.post("/logged", { config: { requestLog: { bodies: "both" } } }, async () => ({ b: 2 }));
    app.post("/plain", async () => ({ b: 2 }));
    for (const url of ["/logged", "/plain"]) {
      await app.inject({ method: "POST", url, payload: { a: 1 } });
    }
    expect(await lineOf("/logged")).toMatchObject({
      requestBody: '{"a":1}',
      responseBody: '{"b":2}',
    });
    expect(await lineOf("/plain")).not.toHaveProperty("requestBody");
  });

  it("are kept no further than the limit while they go by, and copied", () => {
    const capture = new Capture(10, "text/plain", undefined);
    const pool = Buffer.from("abcdef");
    capture.take(pool, undefined);
    pool.fill("z");
    for (let index = 0; index < 1000; index++) capture.take("0123456789", "utf8");
    expect(capture.start()).toEqual({ bytes: Buffer.from("abcdef0123"), truncated: true });
  });

  it("that fill the limit to the byte are not cut off", () => {
    const capture = new Capture(4, "text/plain", undefined);
    capture.take("YWJjZA==", "base64");
    expect(capture.start()).toEqual({ bytes: Buffer.from("abcd"), truncated: false });
    capture.take("e", undefined);
    expect(capture.start().truncated).toBe(true);
  });
});
