import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { fromPointer, toParam, toPointer } from "../src/pointer.ts";
import { errorsApp, SECRET } from "./apps.ts";

const ajv = { customOptions: { allErrors: true, coerceTypes: false, removeAdditional: false } };

describe("a request that is not valid", () => {
  test("is answered with a pointer for each fault, to the member that is missing or too much", async () => {
    const app = await errorsApp("alone", {}, { ajv });
    app.post(
      "/runs",
      {
        schema: {
          body: {
            type: "object",
            required: ["message"],
            additionalProperties: false,
            properties: {
              message: { type: "string" },
              files: {
                type: "array",
                items: { type: "object", properties: { "a/b~c": { type: "integer" } } },
              },
            },
          },
        },
      },
      async () => "run",
    );

    const payload = { files: [{}, { "a/b~c": "x" }], "not/known": 1 };
    const response = await app.inject({ method: "POST", url: "/runs", payload });

    expect(response.statusCode).toBe(400);
    expect(response.json()).toMatchObject({ code: "VALIDATION_FAILED" });
    expect(response.json().errors).toEqual([
      { in: "body", pointer: "/message", detail: "must have required property 'message'" },
      { in: "body", pointer: "/not~1known", detail: "must NOT have additional properties" },
      { in: "body", pointer: "/files/1/a~1b~0c", detail: "must be integer" },
    ]);
  });

  test.each([
    ["query", { querystring: { type: "object", required: ["limit"] } }, "/limit"],
    ["params", { params: { type: "object", properties: { id: { type: "integer" } } } }, "/id"],
    ["headers", { headers: { type: "object", required: ["x-tenant"] } }, "/x-tenant"],
  ])("says when the fault is in the %s", async (part, schema, pointer) => {
    const app = await errorsApp("alone");
    app.get("/runs/:id", { schema }, async () => "run");

    const response = await app.inject("/runs/x");

    expect(response.json().errors).toEqual([
      { in: part, pointer, detail: expect.stringMatching(/^must /) },
    ]);
  });

  test("has the whole of a part as its fault where no member is to blame", async () => {
    const app = await errorsApp("alone", { dialect: "openai" });
    app.post("/runs", { schema: { body: { type: "object" } } }, async () => "run");
    app.post("/plain", { schema: { body: { type: "object" } } }, async () => "run");

    const response = await app.inject({ method: "POST", url: "/runs", payload: [] });

    expect(response.json().error).toMatchObject({ code: "validation_failed", param: null });
  });

  test("is understood from validators that throw issues with paths, such as zod", async () => {
    const app = await errorsApp("alone");
    const schema = z.object({ items: z.array(z.object({ count: z.number() })) });
    app.post(
      "/runs",
      {
        schema: { body: schema },
        validatorCompiler: () => (data) => {
          const result = schema.safeParse(data);
          return result.success ? { value: result.data } : { error: result.error };
        },
      },
      async () => "run",
    );

    const payload = { items: [{ count: "x" }] };
    const response = await app.inject({ method: "POST", url: "/runs", payload });

    expect(response.statusCode).toBe(400);
    expect(response.json().errors).toEqual([
      { in: "body", pointer: "/items/0/count", detail: expect.stringContaining("number") },
    ]);
  });

  test("names fifty faults at most", async () => {
    const app = await errorsApp("alone", {}, { ajv });
    const body = { type: "object", additionalProperties: { type: "integer" } };
    app.post("/runs", { schema: { body } }, async () => "run");

    const payload = Object.fromEntries(Array.from({ length: 200 }, (_, n) => [`m${n}`, "x"]));
    const response = await app.inject({ method: "POST", url: "/runs", payload });

    expect(response.json().errors).toHaveLength(50);
    expect(response.json().detail.length).toBeLessThanOrEqual(1000);
  });

  test("is not what a handler says whose own validation failed on something else", async () => {
    const app = await errorsApp("alone");
    app.get("/", async () => z.object({ key: z.string() }).parse({ key: 1 }));

    const response = await app.inject("/");

    expect(response.statusCode).toBe(500);
    expect(response.json()).not.toHaveProperty("errors");
  });

  test("is not what a validator makes of it that breaks", async () => {
    const app = await errorsApp("alone");
    app.post(
      "/",
      {
        schema: { body: {} },
        validatorCompiler: () => () => {
          throw new Error(SECRET);
        },
      },
      async () => "run",
    );

    const response = await app.inject({ method: "POST", url: "/", payload: {} });

    expect(response.json()).toMatchObject({ status: 500, code: "INTERNAL_SERVER_ERROR" });
    expect(response.body).not.toContain("ECONNREFUSED");
  });
});

describe("a JSON Pointer", () => {
  test("leads back to the path that it was made of, whatever the names", () => {
    fc.assert(
      fc.property(fc.array(fc.string()), (path) => {
        expect(fromPointer(toPointer(path))).toEqual(path);
      }),
    );
  });

  test("is written as OpenAI names parameters", () => {
    expect(toParam("/messages/0/content")).toBe("messages[0].content");
    expect(toParam("")).toBe("");
  });
});
