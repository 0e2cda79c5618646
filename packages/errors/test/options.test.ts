import { bootWith, createApp, WAYS } from "@enfilade/line-testing";
import { describe, expect, test } from "vitest";
import { errors, serverErrors } from "../src/index.ts";

const invalid = (option: string, where = "") =>
  expect.objectContaining({
    code: "ERRORS_INVALID_OPTION",
    message: expect.stringContaining(`@enfilade/errors${where}: the option ${option} is `),
  });

describe("the layer refuses", () => {
  test.each([
    ["dialect", "xml"],
    ["dialect", "toString"],
    ["dialect", { contentType: "text/plain" }],
    ["dialect", null],
    ["dialects", ["/v1"]],
    ["types", "errors/"],
    ["types", "https://example.com/errors"],
    ["types", "/errors/"],
    ["cacheControl", ""],
    ["cacheControl", "no-store\r\nx: y"],
    ["cacheControl", true],
    ["methodNotAllowed", "yes"],
    ["refuseWhileClosing", 1],
    ["log", "error"],
    ["dialekt", "openai"],
  ])("%s: %j", async (option, value) => {
    await expect(bootWith(errors, { [option]: value })).rejects.toEqual(invalid(option));
  });
});

test.each([
  [{ v1: "openai" }, "dialects.v1"],
  [{ "/v1/": "openai" }, 'dialects["/v1/"]'],
  [{ "/v1": "xml" }, 'dialects["/v1"]'],
])("the layer refuses dialects: %j, and names which", async (dialects, option) => {
  await expect(bootWith(errors, { dialects })).rejects.toEqual(invalid(option));
});

describe.each(WAYS)("%s, a route is refused", (way) => {
  const where = " (config.errors of GET /mine)";

  test.each([
    [{ dialect: "xml" }, "dialect", where],
    [{ dialekt: "openai" }, "dialekt", where],
    ["openai", "config.errors of GET /mine", ""],
    [["openai"], "config.errors of GET /mine", ""],
    [null, "config.errors of GET /mine", ""],
  ])("with config.errors %j", async (config, option, inside) => {
    const app = await createApp({ way });
    await app.register(errors);

    expect(() => app.get("/mine", { config: { errors: config as object } }, () => "")).toThrow(
      invalid(option, inside),
    );
  });
});

describe("serverErrors() refuses", () => {
  test.each([
    ["headers", { "x-a": "b\r\nc: d" }],
    ["headers", { "x a": "b" }],
    ["headers", { "Content-Length": "5" }],
    ["headers", { "x-a": undefined }],
    ["headers", () => ({ connection: "keep-alive" })],
    ["headers", "nosniff"],
    ["requestIdHeader", "x request id"],
    ["requestIdHeader", true],
    ["generateRequestId", "id-1"],
    ["header", {}],
  ])("%s: %j", (option, value) => {
    expect(() => serverErrors({ [option]: value } as object)).toThrow(invalid(option));
  });
});

test("an option of false leaves the Cache-Control and the request id's header alone", async () => {
  const app = await createApp(serverErrors({ requestIdHeader: false }));
  await app.register(errors, { cacheControl: false });
  app.get("/", async (_request, reply) => {
    reply.header("cache-control", "max-age=5");
    throw new Error("broken");
  });

  expect((await app.inject("/")).headers["cache-control"]).toBe("max-age=5");
  expect((await app.inject("/%zz")).headers).not.toHaveProperty("x-request-id");
});
