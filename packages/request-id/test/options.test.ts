import { type AppOptions, bootWith, createApp } from "@enfilade/line-testing";
import { expect, it } from "vitest";
import { createGenReqId, requestId } from "../src/index.ts";

it.each([
  ["an unknown option", { headers: "x-request-id" }, "headers"],
  ["a header that is no string", { header: 1 }, "header"],
  ["a header that could not be sent", { header: "x request id" }, "header"],
  ["a header of which Node hides duplicates", { header: "From" }, "header"],
  ["a header that carries credentials", { header: "authorization" }, "header"],
  [
    "a response header with a line break",
    { responseHeader: "x-id\r\nset-cookie: a" },
    "responseHeader",
  ],
  ["a response header of true", { responseHeader: true }, "responseHeader"],
  [
    "a response header that means something else",
    { responseHeader: "set-cookie" },
    "responseHeader",
  ],
  ["an acceptance that is a string", { accept: "10.0.0.0/8" }, "accept"],
  ["an address that is none", { accept: ["10.0.0.0/8", "localhost"] }, "accept[1]"],
  ["a block that is none", { accept: ["10.0.0.0/33"] }, "accept[0]"],
  ["a block with two prefixes", { accept: ["10.0.0.0/8/8"] }, "accept[0]"],
  ["a block with a prefix that is no number", { accept: ["10.0.0.0/"] }, "accept[0]"],
  ["an address that is no string", { accept: [10] }, "accept[0]"],
  ["an acceptance of traces that is a number", { acceptTrace: 1 }, "acceptTrace"],
  ["a length of nothing", { maxLength: 0 }, "maxLength"],
  ["a length without a bound", { maxLength: Number.POSITIVE_INFINITY }, "maxLength"],
  ["a pattern that is a string", { pattern: "\\d+" }, "pattern"],
  ["a pattern that remembers", { pattern: /\d+/g }, "pattern"],
  ["a pattern that sticks", { pattern: /\d+/y }, "pattern"],
  ["a generator that is none", { generate: "uuid" }, "generate"],
  ["a sampling that is a rate", { sampleNewTraces: 0.5 }, "sampleNewTraces"],
])("refuses to boot with %s, and names it", async (_what, options, option) => {
  await expect(bootWith(requestId, options)).rejects.toMatchObject({
    code: "REQUEST_ID_INVALID_OPTION",
    message: expect.stringContaining(`@enfilade/request-id: the option ${option} is `),
  });
  expect(() => createGenReqId(options as object)).toThrow(
    expect.objectContaining({ code: "REQUEST_ID_INVALID_OPTION" }),
  );
});

it.each([["x-request-id"], [true]])(
  "refuses to boot when Fastify takes ids from a header by itself: %s",
  async (requestIdHeader) => {
    await expect(bootWith(requestId, {}, { requestIdHeader } as AppOptions)).rejects.toMatchObject({
      code: "REQUEST_ID_UNVALIDATED_HEADER",
    });
  },
);

it("refuses to boot when somebody sets another generator after it", async () => {
  const app = await createApp();
  await app.register(requestId);
  app.setGenReqId(({ headers }) => String(headers["x-request-id"]));
  await expect(app.ready()).rejects.toMatchObject({ code: "REQUEST_ID_GENERATOR_REPLACED" });
});

it("does not mind a child that has a layer of its own", async () => {
  const app = await createApp();
  await app.register(requestId, { accept: false });
  await app.register(async (child) => {
    await child.register(requestId, { accept: true, layer: { override: true } });
    child.get("/inside", async (request) => request.id);
  });
  app.get("/outside", async (request) => request.id);
  const headers = { "x-request-id": "abc" };
  expect((await app.inject({ url: "/inside", headers })).body).toBe("abc");
  expect((await app.inject({ url: "/outside", headers })).body).not.toBe("abc");
});
