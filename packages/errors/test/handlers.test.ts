import { createApp, WAYS } from "@enfilade/line-testing";
import { describe, expect, test } from "vitest";
import { errors } from "../src/index.ts";
import { errorsApp, failWith, SECRET } from "./apps.ts";

describe.each(WAYS)("%s, a user's own error handler", (way) => {
  test("comes first, and what it sends goes out as it is", async () => {
    const app = await errorsApp(way);
    app.setErrorHandler((error: Error, _request, reply) => {
      reply.code(418).send({ mine: error.message });
    });
    app.get("/", async () => {
      throw new Error("hot");
    });

    const response = await app.inject("/");

    expect(response.statusCode).toBe(418);
    expect(response.json()).toEqual({ mine: "hot" });
  });

  test.each(["before", "after"])("may be set %s the layer is registered", async (when) => {
    const app = await createApp({ way, allowErrorHandlerOverride: false });
    if (when === "after") await app.register(errors);
    app.setErrorHandler((_error, _request, reply) => reply.code(418).send({ mine: true }));
    if (when === "before") await app.register(errors);
    app.get("/", async () => {
      throw new Error("hot");
    });

    expect((await app.inject("/")).json()).toEqual({ mine: true });
  });

  test.each([
    ["sends on", (reply: { send(error: unknown): unknown }, error: unknown) => reply.send(error)],
    [
      "throws on",
      (_reply: unknown, error: unknown) => {
        throw error;
      },
    ],
  ])("that %s what it does not know leaves it to the envelope", async (_how, passOn) => {
    const app = await errorsApp(way);
    app.setErrorHandler((error, _request, reply) => passOn(reply, error));
    app.get("/", async () => {
      throw failWith("Gone.", { statusCode: 410, code: "AGENT_GONE" });
    });

    expect((await app.inject("/")).json()).toMatchObject({ status: 410, code: "AGENT_GONE" });
  });

  test("may translate an error into another, which the envelope is made of", async () => {
    const app = await errorsApp(way);
    app.setErrorHandler(() => {
      throw failWith("Pay first.", { statusCode: 402, code: "NO_CREDIT" });
    });
    app.get("/", async () => {
      throw new Error(SECRET);
    });

    const response = await app.inject("/");

    expect(response.statusCode).toBe(402);
    expect(response.json()).toMatchObject({ code: "NO_CREDIT", detail: "Pay first." });
  });

  test("that breaks is answered for like any error", async () => {
    const app = await errorsApp(way);
    app.setErrorHandler(async () => {
      throw new TypeError(SECRET);
    });
    app.get("/", async () => {
      throw failWith("Gone.", { statusCode: 410 });
    });

    const response = await app.inject("/");

    expect(response.json()).toMatchObject({ status: 500, code: "INTERNAL_SERVER_ERROR" });
    expect(response.body).not.toContain("ECONNREFUSED");
  });

  test("of one scope does not answer for another", async () => {
    const app = await errorsApp(way);
    app.register(async (scope) => {
      scope.setErrorHandler((_error, _request, reply) => reply.code(418).send({ mine: true }));
      scope.get("/mine", async () => {
        throw new Error("hot");
      });
    });
    app.get("/other", async () => {
      throw new Error("hot");
    });

    expect((await app.inject("/mine")).json()).toEqual({ mine: true });
    expect((await app.inject("/other")).json()).toMatchObject({ status: 500 });
  });

  test("of a single route comes first there", async () => {
    const app = await errorsApp(way);
    app.get(
      "/",
      { errorHandler: (_error, _request, reply) => reply.code(418).send({ mine: true }) },
      async () => {
        throw new Error("hot");
      },
    );

    expect((await app.inject("/")).json()).toEqual({ mine: true });
  });
});

describe.each(WAYS)("%s, a reply that is no error", (way) => {
  test("is left alone, whatever its status", async () => {
    const app = await errorsApp(way);
    app.get("/object", async (_request, reply) => reply.code(404).send({ mine: true }));
    app.get("/text", async (_request, reply) => reply.code(500).send("down"));
    app.get("/empty", async (_request, reply) => reply.code(403).send());
    app.get("/measured", async (_request, reply) =>
      reply.code(404).header("content-length", 12).type("application/json").send('{"mine":"x"}'),
    );

    expect((await app.inject("/object")).json()).toEqual({ mine: true });
    expect((await app.inject("/text")).body).toBe("down");
    expect((await app.inject("/empty")).body).toBe("");
    expect((await app.inject("/measured")).body).toBe('{"mine":"x"}');
  });

  test("but an error that is sent instead of thrown is one", async () => {
    const app = await errorsApp(way);
    app.get("/", async (_request, reply) => reply.code(409).send(new Error(SECRET)));

    const response = await app.inject("/");

    expect(response.json()).toMatchObject({ status: 409, code: "CONFLICT", detail: "Conflict" });
  });
});
