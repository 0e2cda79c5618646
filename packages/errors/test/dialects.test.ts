import { createApp, WAYS } from "@enfilade/line-testing";
import { listen } from "@enfilade/testing";
import OpenAI from "openai";
import { describe, expect, test } from "vitest";
import { type Dialect, errors } from "../src/index.ts";
import { errorsApp, failWith, SECRET } from "./apps.ts";

const notFound = () => {
  throw failWith("No such model.", { statusCode: 404, code: "MODEL_NOT_FOUND", param: "model" });
};

describe("the dialect", () => {
  test("detail is FastAPI's, with a string even where the validator found many faults", async () => {
    const app = await errorsApp("alone", { dialect: "detail" }, { genReqId: () => "id-1" });
    app.get("/", notFound);
    const body = { type: "object", required: ["message"] };
    app.post("/runs", { schema: { body } }, async () => "run");

    expect((await app.inject("/")).json()).toEqual({
      detail: "No such model.",
      code: "MODEL_NOT_FOUND",
      request_id: "id-1",
    });
    const invalid = await app.inject({ method: "POST", url: "/runs", payload: {} });
    expect(invalid.headers["content-type"]).toBe("application/json; charset=utf-8");
    expect(invalid.json()).toEqual({
      detail: "body must have required property 'message'",
      code: "VALIDATION_FAILED",
      request_id: "id-1",
      errors: [
        { in: "body", pointer: "/message", detail: "must have required property 'message'" },
      ],
    });
  });

  test("openai is OpenAI's", async () => {
    const app = await errorsApp("alone", { dialect: "openai" }, { genReqId: () => "id-1" });
    app.get("/", notFound);

    expect((await app.inject("/")).json()).toEqual({
      error: {
        message: "No such model.",
        type: "invalid_request_error",
        code: "model_not_found",
        param: "model",
        request_id: "id-1",
      },
    });
  });

  test.each([
    [401, "authentication_error", OpenAI.AuthenticationError],
    [403, "permission_error", OpenAI.PermissionDeniedError],
    [404, "invalid_request_error", OpenAI.NotFoundError],
    [422, "invalid_request_error", OpenAI.UnprocessableEntityError],
    [429, "rate_limit_error", OpenAI.RateLimitError],
    [500, "server_error", OpenAI.InternalServerError],
  ])("openai is understood by the SDK under %i", async (statusCode, type, Expected) => {
    const app = await errorsApp("alone", { dialect: "openai" });
    app.post("/v1/chat/completions", async () => {
      throw failWith("Told.", {
        statusCode,
        expose: true,
        code: "MODEL_NOT_FOUND",
        param: "model",
      });
    });
    const client = new OpenAI({
      apiKey: "key",
      baseURL: `${await listen(app)}/v1`,
      maxRetries: 0,
    });

    const thrown = await client.chat.completions
      .create({ model: "m", messages: [] })
      .catch((error: unknown) => error);

    expect(thrown).toBeInstanceOf(Expected);
    expect(thrown).toMatchObject({
      message: `${statusCode} Told.`,
      type,
      code: "model_not_found",
      param: "model",
    });
  });

  test("jsonrpc is JSON-RPC's, with the id of the call", async () => {
    const app = await errorsApp("alone", { dialect: "jsonrpc" }, { genReqId: () => "id-1" });
    app.post("/mcp", notFound);
    const call = { jsonrpc: "2.0", id: "call-7", method: "tools/list" };

    const response = await app.inject({ method: "POST", url: "/mcp", payload: call });

    expect(response.statusCode).toBe(404);
    expect(response.json()).toEqual({
      jsonrpc: "2.0",
      id: "call-7",
      error: {
        code: -32000,
        message: "No such model.",
        data: { status: 404, code: "MODEL_NOT_FOUND", requestId: "id-1" },
      },
    });
  });

  test.each([
    ["a body that is no JSON", "{", -32700, null],
    ["a call that is not valid", JSON.stringify({ id: 3 }), -32600, 3],
    ["a batch, whose calls have ids of their own", JSON.stringify([{ id: 3 }]), -32600, null],
    ["a failure", JSON.stringify({ id: 3, method: "x" }), -32603, 3],
  ])("jsonrpc has the code for %s", async (_what, payload, code, id) => {
    const app = await errorsApp("alone", { dialect: "jsonrpc" });
    const body = { type: "object", required: ["method"] };
    app.post("/mcp", { schema: { body } }, async () => {
      throw new Error(SECRET);
    });

    const response = await app.inject({
      method: "POST",
      url: "/mcp",
      headers: { "content-type": "application/json" },
      payload,
    });

    expect(response.json()).toMatchObject({ jsonrpc: "2.0", id, error: { code } });
  });

  test("may be one of your own", async () => {
    const mine: Dialect = {
      contentType: "application/vnd.mine+json",
      body: ({ code, requestId }) => ({ fault: code, trace: requestId }),
      event: ({ code }) => ({ event: "fault", data: { fault: code } }),
    };
    const app = await errorsApp("alone", { dialect: mine }, { genReqId: () => "id-1" });
    app.get("/", notFound);

    const response = await app.inject("/");

    expect(response.headers["content-type"]).toBe("application/vnd.mine+json");
    expect(response.json()).toEqual({ fault: "MODEL_NOT_FOUND", trace: "id-1" });
  });
});

describe.each(WAYS)("%s, the dialect is chosen", (way) => {
  test("by the route, before the path, before the scope", async () => {
    const app = await errorsApp(way, { dialect: "detail", dialects: { "/v1": "openai" } });
    app.get("/", notFound);
    app.get("/v1/models/:id", notFound);
    app.get("/v1/mcp", { config: { errors: { dialect: "jsonrpc" } } }, notFound);

    expect((await app.inject("/")).json()).toHaveProperty("detail");
    expect((await app.inject("/v1/models/x")).json()).toHaveProperty("error.type");
    expect((await app.inject("/v1/mcp")).json()).toHaveProperty("jsonrpc");
  });

  test("by the nearest scope", async () => {
    const app = await createApp({ way });
    app.register(async (scope) => {
      const layer = way === "in line" ? { layer: { override: true } } : {};
      await scope.register(errors, { dialect: "openai", ...layer });
      scope.get("/v1", notFound);
    });
    await app.register(errors, { dialect: "detail" });
    app.get("/", notFound);

    expect((await app.inject("/")).json()).toHaveProperty("detail");
    const response = await app.inject("/v1");
    expect(response.json()).toHaveProperty("error.message", "No such model.");
  });

  test("for the HEAD route that Fastify makes of a GET as for that", async () => {
    const app = await errorsApp(way, {}, {});
    app.get("/mcp", { config: { errors: { dialect: "openai" } } }, notFound);

    const response = await app.inject({ method: "HEAD", url: "/mcp" });

    expect(response.headers["content-type"]).toBe("application/json; charset=utf-8");
  });
});
