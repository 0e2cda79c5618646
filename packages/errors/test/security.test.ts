import type { AppOptions } from "@enfilade/line-testing";
import { createLogLines } from "@enfilade/testing";
import fc from "fast-check";
import { LogController } from "fastify";
import OpenAI from "openai";
import { describe, expect, test } from "vitest";
import { toProblem } from "../src/problem.ts";
import { errorsApp, failWith, SECRET } from "./apps.ts";

describe("what may be told of an error", () => {
  const cases: readonly [string, object, boolean][] = [
    ["with a 4xx status of its own", { statusCode: 404 }, true],
    ["with a 4xx status under the other name", { status: 404 }, true],
    ["with a 5xx status", { statusCode: 503 }, false],
    ["with a 5xx status that is meant to be told", { statusCode: 503, expose: true }, true],
    ["with a 4xx status that is not meant to be told", { statusCode: 404, expose: false }, false],
    ["without a status", {}, false],
    ["with a status that is none", { statusCode: 200 }, false],
    ["of the system, with a status put on it", { statusCode: 404, code: "ENOENT" }, false],
    ["of Node, with a status put on it", { statusCode: 400, code: "ERR_INVALID_URL" }, false],
  ];
  test.each(cases)("an error %s", async (_which, members, told) => {
    const app = await errorsApp("alone");
    app.get("/", async () => {
      throw failWith(SECRET, members);
    });

    const { body } = await app.inject("/");

    expect(body.includes(SECRET)).toBe(told);
    expect(body).not.toMatch(/ENOENT|ERR_INVALID_URL/);
  });

  test("an error is not meant for the client because the reply had a status already", async () => {
    const app = await errorsApp("alone");
    app.get("/", async (_request, reply) => {
      reply.code(404);
      throw failWith(SECRET, { code: "ECONNREFUSED" });
    });

    const response = await app.inject("/");

    expect(response.statusCode).toBe(404);
    expect(response.json()).toMatchObject({ code: "NOT_FOUND", detail: "There is nothing here." });
  });

  test("whatever is thrown, the answer has no stack, no path, no driver's word (case 59)", async () => {
    const app = await errorsApp("alone");
    let thrown: unknown;
    app.get("/", async () => {
      throw thrown;
    });
    await app.ready();
    const secret = fc.constantFrom(SECRET, "at Object.<anonymous> (/srv/app/index.js:1:1)");
    const member = fc.oneof(secret, fc.anything());
    const error = fc
      .record(
        {
          message: secret,
          stack: secret,
          cause: member,
          code: fc.oneof(fc.constantFrom("ECONNREFUSED", "ER_DUP_ENTRY", "P2002"), member),
          statusCode: fc.oneof(fc.constantFrom(200, 404, 500, 503, 599, "404", Number.NaN), member),
          status: fc.constantFrom(500, "x", null),
          details: member,
          validation: fc.array(fc.record({ message: secret })),
          errors: fc.array(secret),
          sql: secret,
        },
        { requiredKeys: [] },
      )
      .map((members) => Object.assign(new Error(SECRET), members));

    await fc.assert(
      fc.asyncProperty(error, async (made) => {
        thrown = made;
        const response = await app.inject("/");
        if (response.statusCode < 500) return;
        expect(response.body).not.toMatch(/ECONNREFUSED|ER_DUP|P2002|10\.0\.0\.5|\/srv\/app/);
        expect(response.json().requestId).toEqual(expect.any(String));
      }),
      { numRuns: 300 },
    );
  });

  test("whatever is thrown, a problem can be made of it", () => {
    const circumstances = { status: 500, requestId: "id-1", callId: null, types: undefined };
    fc.assert(
      fc.property(fc.anything({ withNullPrototype: true, withBigInt: true }), (thrown) => {
        const problem = toProblem(thrown, circumstances);
        expect(problem.status).toBeGreaterThanOrEqual(500);
        expect(JSON.stringify(problem)).toContain("id-1");
      }),
    );
  });
});

describe("another server's answer that is thrown", () => {
  const clients: readonly [string, () => unknown][] = [
    [
      "OpenAI's SDK",
      () =>
        OpenAI.APIError.generate(
          401,
          { error: { message: "Incorrect API key provided: sk-123" } },
          undefined,
          new Headers({ "x-request-id": "theirs" }),
        ),
    ],
    ["OpenAI's SDK that got none", () => new OpenAI.APIConnectionError({ message: "sk-123" })],
    [
      "undici",
      () =>
        failWith("sk-123", {
          name: "ResponseStatusCodeError",
          code: "UND_ERR_RESPONSE_STATUS_CODE",
          statusCode: 401,
          headers: { "set-cookie": "theirs=1", "x-layer": "theirs", "content-length": "5" },
        }),
    ],
    [
      "axios",
      () => failWith("sk-123", { isAxiosError: true, status: 401, response: { status: 401 } }),
    ],
    ["got or ky", () => failWith("sk-123", { statusCode: 401, response: { statusCode: 401 } })],
    [
      "the AI SDK",
      () => failWith("sk-123", { statusCode: 401, responseHeaders: {}, responseBody: "sk-123" }),
    ],
    ["AWS", () => failWith("sk-123", { statusCode: 401, $metadata: { httpStatusCode: 401 } })],
  ];

  test.each(clients)("by %s is a 502 that repeats nothing of it", async (_which, make) => {
    const log = createLogLines();
    const app = await errorsApp("alone", {}, { logger: { level: "warn", stream: log.stream } });
    app.addHook("onRequest", async (_request, reply) => {
      reply.headers({ "x-layer": "ours", "set-cookie": "ours=1" });
    });
    app.get("/", async () => {
      throw make();
    });

    const response = await app.inject("/");

    expect(response.statusCode).toBe(502);
    expect(response.json()).toMatchObject({ code: "BAD_GATEWAY" });
    expect(response.body).not.toContain("sk-123");
    expect(response.headers).toMatchObject({ "x-layer": "ours", "set-cookie": "ours=1" });
    expect(response.headers).not.toHaveProperty("x-request-id");
    expect(log.items).toMatchObject([
      { level: 50, err: { message: expect.stringContaining("sk-123") } },
    ]);
  });

  test("may be told where that is said", async () => {
    const app = await errorsApp("alone");
    app.get("/", async () => {
      throw failWith("The model is busy.", { statusCode: 429, expose: true, response: {} });
    });

    expect((await app.inject("/")).json()).toMatchObject({ status: 429 });
  });
});

describe("the real error is logged once", () => {
  const silent = { logController: new LogController({ disableRequestLogging: true }) };
  const ways: readonly [string, AppOptions][] = [
    ["by Fastify", {}],
    ["by the layer where Fastify keeps silent", silent],
  ];
  test.each(ways)("%s", async (_how, serverOptions) => {
    const log = createLogLines();
    const app = await errorsApp(
      "alone",
      {},
      {
        ...serverOptions,
        logger: { stream: log.stream },
      },
    );
    app.get("/", async () => {
      throw new Error(SECRET);
    });

    const { requestId } = (await app.inject("/")).json();

    const lines = log.items.filter(({ err }) => err !== undefined);
    expect(lines).toMatchObject([{ level: 50, reqId: requestId, err: { message: SECRET } }]);
  });

  test.each([
    ["for what the client did wrong", {}, "/nope"],
    ["where another layer does so", { log: false }, "/"],
  ])("and not at all by the layer %s", async (_when, options, url) => {
    const log = createLogLines();
    const app = await errorsApp("alone", options, { ...silent, logger: { stream: log.stream } });
    app.get("/", async () => {
      throw new Error(SECRET);
    });

    await app.inject(url);

    expect(log.items).toEqual([]);
  });
});
