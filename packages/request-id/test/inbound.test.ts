import { createApp } from "@enfilade/line-testing";
import { listen, openExchange } from "@enfilade/testing";
import fc from "fast-check";
import type { FastifyInstance } from "fastify";
import { describe, expect, it } from "vitest";
import { createGenReqId, type RequestIdOptions, requestId } from "../src/index.ts";

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

async function echoApp(options: RequestIdOptions = {}): Promise<FastifyInstance> {
  const app = await createApp();
  await app.register(requestId, options);
  app.get("/", async (request) => request.id);
  return app;
}

/** What the handler saw and what the client was told; they must never differ. */
async function idOf(app: FastifyInstance, headers: Record<string, string> = {}): Promise<string> {
  const response = await app.inject({ url: "/", headers });
  expect(response.headers["x-request-id"]).toBe(response.body);
  return response.body;
}

describe("without an inbound id", () => {
  it("gives every request a UUID of its own, in request.id and in the response", async () => {
    const app = await echoApp();
    const first = await idOf(app);
    const second = await idOf(app);
    expect(first).toMatch(UUID);
    expect(second).toMatch(UUID);
    expect(first).not.toBe(second);
  });

  it("uses the application's generator, which sees the raw request", async () => {
    const app = await echoApp({ generate: (request) => `made-for-${request.method}` });
    expect(await idOf(app)).toBe("made-for-GET");
  });
});

describe("with an inbound id", () => {
  it.each([
    ["a UUID", "7f0c2f9e-8f0e-4b5e-9a58-0a9c1c1a2b3c"],
    ["a ULID", "01JZ8Q5W7V9X0Y2Z4A6B8C0D1E"],
    ["an AWS trace id", "Root=1-67891233-abcdef012345678912345678"],
    ["the longest that is allowed", "x".repeat(128)],
  ])("takes over %s", async (_what, id) => {
    expect(await idOf(await echoApp(), { "x-request-id": id })).toBe(id);
  });

  it.each([
    ["one character too long", "x".repeat(129)],
    ["empty", ""],
    ["with a space", "a b"],
    ["with a slash", "../../etc/passwd"],
    ["with mark-up", "<script>alert(1)</script>"],
    ["with a line break and a log line of its own", 'a\n{"level":60}'],
    ["with a carriage return", "a\rb"],
    ["with a null byte", "a\0b"],
    ["with an escape sequence for terminals", "a\u001b[2Jb"],
    ["with a C1 byte", "a\u0085b"],
    ["with a character beyond ASCII", "ä"],
  ])("replaces an id that is %s", async (_what, id) => {
    expect(await idOf(await echoApp(), { "x-request-id": id })).toMatch(UUID);
  });

  it("replaces an id that was sent twice, the same or not", async () => {
    const origin = await listen(await echoApp());
    for (const values of [
      ["abc", "abc"],
      ["abc", "def"],
    ]) {
      const exchange = await openExchange(origin, { headers: { "x-request-id": values } });
      expect(await exchange.wholeBody()).toMatch(UUID);
    }
  });

  it("replaces bytes beyond ASCII as they come over a socket", async () => {
    const origin = await listen(await echoApp());
    const exchange = await openExchange(origin, { headers: { "x-request-id": "a\u0085b" } });
    expect(await exchange.wholeBody()).toMatch(UUID);
  });

  it("looks at the header that it was told to, and at no other", async () => {
    const app = await echoApp({ header: "X-Correlation-ID", responseHeader: "x-request-id" });
    expect(await idOf(app, { "x-correlation-id": "abc" })).toBe("abc");
    expect(await idOf(app, { "x-request-id": "abc" })).toMatch(UUID);
  });

  it("matches the application's own pattern in full, never a part", async () => {
    const app = await echoApp({ pattern: /\d+|run_\d+/ });
    expect(await idOf(app, { "x-request-id": "run_42" })).toBe("run_42");
    expect(await idOf(app, { "x-request-id": "42" })).toBe("42");
    expect(await idOf(app, { "x-request-id": "42x" })).toMatch(UUID);
    expect(await idOf(app, { "x-request-id": "xrun_42" })).toMatch(UUID);
  });

  it("keeps control bytes, spaces and commas out whatever the pattern says", async () => {
    const app = await echoApp({ pattern: /[\s\S]*/m });
    expect(await idOf(app, { "x-request-id": "/any{thing}" })).toBe("/any{thing}");
    for (const id of ["a b", "a,b", "a\tb", "a\u0080b", ""]) {
      expect(await idOf(app, { "x-request-id": id })).toMatch(UUID);
    }
  });
});

describe("whose ids are accepted", () => {
  it("takes over none when accept is false", async () => {
    expect(await idOf(await echoApp({ accept: false }), { "x-request-id": "abc" })).toMatch(UUID);
  });

  it.each([
    ["its address", "127.0.0.1", "127.0.0.1", true],
    ["its block", "10.0.0.0/8", "10.200.3.4", true],
    ["its block, seen through IPv6", "10.0.0.0/8", "::ffff:10.200.3.4", true],
    ["its IPv6 block", "2001:db8::/32", "2001:db8:1::1", true],
    ["another block", "10.0.0.0/8", "11.0.0.1", false],
    ["another address", "::1", "::2", false],
  ])("goes by the peer: %s", async (_what, listed, remoteAddress, accepted) => {
    const app = await echoApp({ accept: [listed] });
    const { body } = await app.inject({
      url: "/",
      headers: { "x-request-id": "abc" },
      remoteAddress,
    });
    if (accepted) expect(body).toBe("abc");
    else expect(body).toMatch(UUID);
  });

  it("goes by the peer, not by what a forwarding header says of it", async () => {
    const app = await echoApp({ accept: ["10.0.0.0/8"] });
    const headers = { "x-request-id": "abc", "x-forwarded-for": "10.0.0.1" };
    expect(await idOf(app, headers)).toMatch(UUID);
  });

  it("asks the application's function, for valid ids only", async () => {
    const asked: unknown[] = [];
    const app = await echoApp({
      accept: ({ headers }) => {
        asked.push(headers["x-request-id"]);
        return headers["x-proxy-secret"] === "s3cret";
      },
    });
    expect(await idOf(app, { "x-request-id": "abc", "x-proxy-secret": "s3cret" })).toBe("abc");
    expect(await idOf(app, { "x-request-id": "def" })).toMatch(UUID);
    expect(await idOf(app, { "x-request-id": "not valid", "x-proxy-secret": "s3cret" })).toMatch(
      UUID,
    );
    expect(asked).toEqual(["abc", "def"]);
  });
});

describe("whatever a caller sends", () => {
  const isId = /^[A-Za-z0-9._~:@=+-]{1,128}$/;
  const anything = fc.oneof(
    fc.string({ unit: "binary", maxLength: 200 }),
    fc.string({
      unit: fc.constantFrom("a", "-", ",", " ", "\r", "\n", "\u0085", "/"),
      maxLength: 140,
    }),
    fc.array(fc.string()),
    fc.constant(undefined),
  );

  it("the id is the caller's, unchanged, or a UUID; and always safe in a header, a log and a path", () => {
    const genReqId = createGenReqId();
    fc.assert(
      fc.property(anything, (value) => {
        const id = genReqId({ headers: { "x-request-id": value } } as never);
        expect(id).toMatch(isId);
        expect(id === value || UUID.test(id)).toBe(true);
        // And nothing valid is thrown away.
        if (typeof value === "string" && isId.test(value)) expect(id).toBe(value);
      }),
      { numRuns: 2_000 },
    );
  });
});
