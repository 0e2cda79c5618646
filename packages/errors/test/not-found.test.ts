import { createApp, WAYS } from "@enfilade/line-testing";
import { describe, expect, test } from "vitest";
import { errors } from "../src/index.ts";
import { errorsApp } from "./apps.ts";

describe.each(WAYS)("%s, a path without a route", (way) => {
  test("is a 404 in the envelope that does not repeat the path", async () => {
    const app = await errorsApp(way);

    const response = await app.inject("/secret-path?token=abc");

    expect(response.statusCode).toBe(404);
    expect(response.json()).toMatchObject({ code: "NOT_FOUND", detail: "There is nothing here." });
    expect(response.body).not.toContain("secret-path");
  });

  test("has the dialect that its beginning is given", async () => {
    const app = await errorsApp(way, { dialects: { "/v1": "openai", "/v1/mcp": "jsonrpc" } });

    expect((await app.inject("/v1/nope")).json()).toHaveProperty("error.message");
    expect((await app.inject("/v1/mcp")).json()).toMatchObject({ jsonrpc: "2.0" });
    expect((await app.inject("/v1?x=/v1/mcp")).json()).toHaveProperty("error.message");
    expect((await app.inject("/v11")).json()).toHaveProperty("status");
  });

  test("is left to a not-found handler that a prefix has set", async () => {
    const app = await errorsApp(way);
    app.register(
      async (scope) => {
        scope.setNotFoundHandler((_request, reply) => reply.code(404).send({ mine: true }));
      },
      { prefix: "/files" },
    );

    expect((await app.inject("/files/nope")).json()).toEqual({ mine: true });
    expect((await app.inject("/nope")).json()).toMatchObject({ code: "NOT_FOUND" });
  });

  test("is left to a not-found handler at the root, set before the layer or after", async () => {
    const app = await createApp({ way });
    app.setNotFoundHandler((_request, reply) => reply.code(404).send({ mine: true }));
    await app.register(errors);
    app.get("/here", async () => "here");

    expect((await app.inject("/nope")).json()).toEqual({ mine: true });
    expect((await app.inject({ method: "POST", url: "/here" })).json()).toEqual({ mine: true });
  });

  test("gets the envelope of what a not-found handler throws", async () => {
    const app = await errorsApp(way);
    app.setNotFoundHandler(() => {
      throw Object.assign(new Error("Moved away."), { statusCode: 410 });
    });

    expect((await app.inject("/nope")).json()).toMatchObject({ status: 410, code: "GONE" });
  });

  test("is what reply.callNotFound() makes of a route, and no 405", async () => {
    const app = await errorsApp(way);
    app.get("/agents/:id", async (_request, reply) => reply.callNotFound());
    app.delete("/agents/:id", async () => "gone");

    const response = await app.inject("/agents/x");

    expect(response.statusCode).toBe(404);
    expect(response.json()).toMatchObject({ code: "NOT_FOUND" });
  });
});

describe.each(WAYS)("%s, a path that has no route for the method", (way) => {
  test("is a 405 with the methods that it has", async () => {
    const app = await errorsApp(way);
    app.get("/runs/:id", async () => "run");
    app.delete("/runs/:id", async () => "gone");

    const response = await app.inject({ method: "POST", url: "/runs/1?x=1" });

    expect(response.statusCode).toBe(405);
    expect(response.headers.allow).toBe("GET, HEAD, DELETE");
    expect(response.json()).toMatchObject({ status: 405, code: "METHOD_NOT_ALLOWED" });
  });

  test("answers HEAD without a body", async () => {
    const app = await errorsApp(way);
    app.post("/runs", async () => "run");

    const response = await app.inject({ method: "HEAD", url: "/runs" });

    expect(response.statusCode).toBe(405);
    expect(response.headers.allow).toBe("POST");
    expect(response.body).toBe("");
  });

  test("answers OPTIONS with the methods, and a HEAD that Fastify was told not to expose", async () => {
    const app = await errorsApp(way, {}, { exposeHeadRoutes: false });
    app.get("/runs", async () => "run");

    const options = await app.inject({ method: "OPTIONS", url: "/runs" });
    const head = await app.inject({ method: "HEAD", url: "/runs" });

    expect([options.statusCode, options.headers.allow]).toEqual([405, "GET"]);
    expect([head.statusCode, head.headers.allow]).toEqual([405, "GET"]);
  });

  test("is a 404 still where only OPTIONS is there, which CORS plugins declare for every path", async () => {
    const app = await errorsApp(way);
    app.options("*", async () => "");
    app.get("/runs", async () => "run");

    expect((await app.inject("/nope")).statusCode).toBe(404);
    const response = await app.inject({ method: "POST", url: "/runs" });
    expect([response.statusCode, response.headers.allow]).toEqual([405, "GET, HEAD, OPTIONS"]);
  });

  test("knows methods that were added to Fastify", async () => {
    const app = await errorsApp(way);
    app.addHttpMethod("PROPFIND");
    app.route({ method: "PROPFIND", url: "/files", handler: async () => "files" });

    const response = await app.inject("/files");

    expect([response.statusCode, response.headers.allow]).toEqual([405, "PROPFIND"]);
  });

  test("counts routes for the host and version that were asked for alone", async () => {
    const app = await errorsApp(way);
    app.route({
      method: "POST",
      url: "/runs",
      constraints: { host: "api.example" },
      handler: async () => "run",
    });

    const ours = await app.inject({ url: "/runs", headers: { host: "api.example" } });
    const other = await app.inject({ url: "/runs", headers: { host: "www.example" } });

    expect([ours.statusCode, ours.headers.allow]).toEqual([405, "POST"]);
    expect(other.statusCode).toBe(404);
  });

  test("is a 404 as Fastify has it, where that is asked for", async () => {
    const app = await errorsApp(way, { methodNotAllowed: false });
    app.get("/runs", async () => "run");

    const response = await app.inject({ method: "POST", url: "/runs" });

    expect(response.statusCode).toBe(404);
    expect(response.headers).not.toHaveProperty("allow");
    expect(response.json()).toMatchObject({ code: "NOT_FOUND" });
  });
});

test("without the layer Fastify answers as these tests take it to", async () => {
  const app = await createApp();
  app.get("/runs", async () => "run");

  const response = await app.inject({ method: "POST", url: "/runs?x=1" });

  expect(response.statusCode).toBe(404);
  expect(response.body).toBe(
    '{"message":"Route POST:/runs?x=1 not found","error":"Not Found","statusCode":404}',
  );
});
