import { createLogLines, listen, openExchange } from "@enfilade/testing";
import fc from "fast-check";
import Fastify, { LogController } from "fastify";
import { describe, expect, it } from "vitest";
import { requestLog } from "../src/index.ts";
import { createSecrets } from "../src/secrets.ts";
import { plain } from "../src/text.ts";
import { createLogged } from "./logged.ts";

const SECRET = "s3cr3tValue";

describe("by default", () => {
  it("no query token, Authorization, Cookie, Set-Cookie or key is in the line", async () => {
    const { app, log, lineOf } = await createLogged();
    app.get("/", (_request, reply) => reply.header("set-cookie", `sid=${SECRET}`).send(SECRET));
    await app.inject({
      url: `/?access_token=${SECRET}&api_key=${SECRET}`,
      headers: {
        authorization: `Bearer ${SECRET}`,
        cookie: `sid=${SECRET}`,
        "x-api-key": SECRET,
        "proxy-authorization": `Basic ${SECRET}`,
      },
    });
    await lineOf("/?access_token=[redacted]&api_key=[redacted]");
    expect(JSON.stringify(log.items)).not.toContain(SECRET);
  });

  it("headers and bodies are not logged at all", async () => {
    const { app, lineOf } = await createLogged();
    app.post("/", async () => ({ a: 1 }));
    await app.inject({ method: "POST", url: "/", payload: { b: 2 } });
    const line = await lineOf("/");
    for (const field of ["requestHeaders", "responseHeaders", "requestBody", "responseBody"]) {
      expect(line).not.toHaveProperty(field);
    }
  });

  it("a path whose parameter is a secret is told by its pattern", async () => {
    const { app, log, lineOf } = await createLogged();
    app.get("/reset/:resetToken/form", async () => "");
    await app.inject(`/reset/${SECRET}/form?page=2&code=${SECRET}`);
    await lineOf("/reset/:resetToken/form?page=2&code=[redacted]");
    expect(JSON.stringify(log.items)).not.toContain(SECRET);
  });
});

describe("listed headers", () => {
  it("are logged, of secret ones only that they were there", async () => {
    const { app, log, lineOf } = await createLogged({
      requestHeaders: ["Accept", "Authorization", "Cookie", "x-api-key", "referer", "x-absent"],
      responseHeaders: ["content-type", "set-cookie", "location", "link", "x-raw"],
    });
    app.get("/", (_request, reply) =>
      reply
        .header("set-cookie", [`sid=${SECRET}`, `csrf=${SECRET}`])
        .header("location", `https://a:${SECRET}@app/cb?code=${SECRET}`)
        .header("link", `</next?page=2&token=${SECRET}>; rel=next`)
        .send("x"),
    );
    await app.inject({
      url: "/",
      headers: {
        accept: "text/plain",
        authorization: `Bearer ${SECRET}`,
        cookie: `sid=${SECRET}`,
        "x-api-key": SECRET,
        referer: `https://app/?token=${SECRET}`,
      },
    });
    const line = await lineOf("/");
    expect(line.requestHeaders).toEqual({
      accept: "text/plain",
      authorization: "[redacted]",
      cookie: "[redacted]",
      "x-api-key": "[redacted]",
      referer: "https://app/?token=[redacted]",
    });
    expect(line.responseHeaders).toEqual({
      "content-type": "text/plain; charset=utf-8",
      "set-cookie": "[redacted]",
      location: "https://app/cb?code=[redacted]",
      link: "</next?page=2&token=[redacted]>; rel=next",
    });
    expect(JSON.stringify(log.items)).not.toContain(SECRET);
  });

  it("of a raw writer are the ones that went out", async () => {
    const { app, lineOf } = await createLogged({ responseHeaders: ["x-raw", "content-type"] });
    app.get("/", (_request, reply) => {
      reply.hijack();
      reply.raw.writeHead(200, { "x-raw": "1", "content-type": "text/csv" });
      reply.raw.end();
    });
    await (await fetch(await listen(app))).text();
    expect((await lineOf("/")).responseHeaders).toEqual({
      "x-raw": "1",
      "content-type": "text/csv",
    });
  });

  it("lose credentials that stand in a header of another name", async () => {
    const { app, lineOf } = await createLogged({ requestHeaders: ["x-forwarded-for-service"] });
    app.get("/", async () => "");
    const headers = { "x-forwarded-for-service": `svc Bearer ${SECRET}` };
    await app.inject({ url: "/", headers });
    expect((await lineOf("/")).requestHeaders).toEqual({
      "x-forwarded-for-service": "svc Bearer [redacted]",
    });
  });
});

describe("a name", () => {
  const { isSecret, isSecretParameter } = createSecrets(["ssn", "Card-Number"]);

  it.each([
    ...["password", "Password", "user_password", "passwordConfirmation", "db-passwd", "passphrase"],
    ...["token", "access_token", "refreshToken", "X-CSRF-Token", "client_secret", "secretKey"],
    ...["authorization", "Proxy-Authorization", "X-Api-Key", "apiKey", "api_key", "aws_access_key"],
    ...["private_key", "credentials", "cookie", "Set-Cookie", "otp", "pin", "sid", "x-auth", "jwt"],
    ...["ssn", "SSN", "card_number", "cardNumber"],
  ])("stands for a secret: %s", (name) => {
    expect(isSecret(name)).toBe(true);
    expect(isSecretParameter(name)).toBe(true);
  });

  it.each([
    ...["max_tokens", "total_tokens", "tokens", "token_count", "tokenizer", "author", "session_id"],
    ...["key", "code", "monkey", "pinned", "page", "id", "", "constructor", "__proto__"],
  ])("stands for none: %j", (name) => {
    expect(isSecret(name)).toBe(false);
  });

  it.each(["key", "code", "sig", "ticket"])("stands for a secret in a query alone: %s", (name) => {
    expect(isSecret(name)).toBe(false);
    expect(isSecretParameter(name)).toBe(true);
  });

  it("is remembered within bounds, however many a client makes up", () => {
    for (let index = 0; index < 5000; index++) {
      expect(isSecret(`made-up-${index}`)).toBe(false);
      expect(isSecret(`made-up-${index}-token`)).toBe(true);
    }
  });
});

describe("a client", () => {
  const anyText = fc.oneof(
    fc.string({ unit: "binary" }),
    fc.string({ unit: fc.integer({ min: 0, max: 0xffff }).map((n) => String.fromCharCode(n)) }),
    fc.string({ unit: fc.constantFrom("\n", "\r", "\u001b", "\u009b", "\u2028", "\u202e", "a") }),
  );
  const encode = (text: string) => encodeURIComponent(text.replace(/\p{Cs}/gu, ""));
  /** What a terminal or a reader of lines would act upon. */
  const ACTIVE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u;

  it("cannot get a character into the log that a terminal acts upon", () => {
    fc.assert(
      fc.property(anyText, fc.integer({ min: 0, max: 50 }), (text, max) => {
        const shown = plain(text, max);
        expect(shown).not.toMatch(ACTIVE);
        if (!ACTIVE.test(text) && text.length <= max) expect(shown).toBe(text);
      }),
      { numRuns: 1000 },
    );
  });

  it("cannot make two lines out of one, or a field that it names", async () => {
    const lines: string[] = [];
    const app = Fastify({
      logger: { stream: { write: (text: string) => void lines.push(text) } },
      logController: new LogController({ disableRequestLogging: true }),
      // Else a body with such a field is a 400, and its line a warning.
      onProtoPoisoning: "ignore",
      onConstructorPoisoning: "ignore",
    });
    await app.register(requestLog, { bodies: "both", requestHeaders: ["x-any"] });
    app.post("/*", async (request) => request.body);
    const fields = new Set<string>();
    await fc.assert(
      fc.asyncProperty(anyText, anyText, anyText, async (path, header, field) => {
        lines.length = 0;
        await app.inject({
          method: "POST",
          url: `/${encode(path)}?q=${encode(header)}`,
          // What Node's parser lets through: everything but control characters, one byte each.
          headers: {
            "user-agent": header.replace(/[^\t\x20-\x7e\x80-\xff]/g, ""),
            "x-any": header.replace(/[^\t\x20-\x7e\x80-\xff]/g, ""),
          },
          payload: { [field]: path, msg: "forged", level: 10 },
        });
        expect(lines).toHaveLength(1);
        const [line = ""] = lines;
        expect(line.indexOf("\n")).toBe(line.length - 1);
        const parsed = JSON.parse(line) as Record<string, unknown>;
        expect(parsed).toMatchObject({ msg: "exchange completed", level: 30 });
        for (const key of Object.keys(parsed)) fields.add(key);
        for (const value of Object.values(parsed)) {
          if (typeof value === "string") expect(value).not.toMatch(ACTIVE);
        }
      }),
      { numRuns: 200 },
    );
    expect([...fields].sort()).toEqual(
      [
        ...["level", "time", "pid", "hostname", "reqId", "msg", "method", "route", "url", "status"],
        ...["outcome", "headersMs", "firstByteMs", "totalMs", "bytesReceived", "bytesSent"],
        ...["address", "userAgent", "httpVersion", "requestHeaders", "requestBody", "responseBody"],
      ].sort(),
    );
    await app.close();
  });

  it("cannot fill the log with long addresses and names", async () => {
    const { app, log } = await createLogged();
    const path = `/${"a".repeat(10_000)}`;
    await app.inject({ url: path, headers: { "user-agent": "b".repeat(10_000) } });
    const line = await log.find(({ url }) => String(url).startsWith("/aaa"));
    expect(String(line.url)).toHaveLength(2049);
    expect(String(line.userAgent)).toHaveLength(257);
  });

  it("cannot hide control bytes in a header on the wire", async () => {
    const { app, log } = await createLogged();
    app.get("/", async () => "");
    const exchange = await openExchange(await listen(app), {
      headers: { "user-agent": "evil\u009b31m" },
    });
    await exchange.wholeBody();
    const line = await log.find(({ userAgent }) => String(userAgent).startsWith("evil"));
    expect(line.userAgent).not.toMatch(ACTIVE);
  });
});

describe("an error", () => {
  it("of the server's is in the line once, with its stack", async () => {
    const { app, log, lineOf } = await createLogged();
    app.get("/", async () => {
      throw Object.assign(new Error("no database"), { code: "DB_GONE" });
    });
    await app.inject("/");
    const line = await lineOf("/");
    expect(line.err).toMatchObject({ type: "Error", message: "no database", code: "DB_GONE" });
    expect(line.err).toHaveProperty("stack");
    expect(log.items.filter((item) => JSON.stringify(item).includes("no database"))).toHaveLength(
      1,
    );
  });

  it("of the client's is in the line by code and message, without a stack", async () => {
    const { app, lineOf } = await createLogged();
    app.post("/", { schema: { body: { type: "object", required: ["a"] } } }, async () => "");
    await app.inject({ method: "POST", url: "/", payload: {} });
    const line = await lineOf("/");
    expect(line).toMatchObject({
      level: 40,
      status: 400,
      errorCode: "FST_ERR_VALIDATION",
      errorMessage: "body must have required property 'a'",
    });
    expect(line).not.toHaveProperty("err");
  });

  it("of the client's loses secrets of addresses in its message", async () => {
    const { app, lineOf } = await createLogged();
    app.get("/", async () => {
      throw Object.assign(new Error(`no page at /cb?code=${SECRET}&a=1`), { statusCode: 404 });
    });
    await app.inject("/");
    expect((await lineOf("/")).errorMessage).toBe("no page at /cb?code=[redacted]&a=1");
  });

  it("goes through the serializer that the logger has", async () => {
    const log = createLogLines();
    const app = Fastify({
      logger: {
        stream: log.stream,
        serializers: { err: () => ({ type: "X", message: "hidden", stack: "" }) },
      },
      logController: new LogController({ disableRequestLogging: true }),
    });
    await app.register(requestLog);
    app.get("/", async () => {
      throw new Error("private");
    });
    await app.inject("/");
    const line = await log.find(({ msg }) => msg === "exchange completed");
    expect(line.err).toEqual({ type: "X", message: "hidden", stack: "" });
    await app.close();
  });
});
