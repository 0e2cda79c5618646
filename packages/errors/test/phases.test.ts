import { defineLayer, INBOUND_PHASES, type LayerHooks, type Place } from "@enfilade/layer";
import { createApp, WAYS } from "@enfilade/line-testing";
import { createLogLines } from "@enfilade/testing";
import { describe, expect, test } from "vitest";
import { errors } from "../src/index.ts";
import { errorsApp, failWith, SECRET } from "./apps.ts";

function layerAt(place: Place, hooks: LayerHooks) {
  return defineLayer({ name: `at-${place}`, place, setup: () => hooks });
}

const refuse = () => {
  throw failWith("Not you.", { statusCode: 403, code: "NOT_YOU" });
};

describe.each(WAYS)("%s", (way) => {
  test.each(
    (["identify", "shield", "authenticate", "spend"] as const).flatMap((place) =>
      INBOUND_PHASES.map((phase) => [place, phase] as const),
    ),
  )("what a layer at %s throws in %s has the envelope", async (place, phase) => {
    const app = await createApp({ way });
    await app.register(layerAt(place, { [phase]: refuse }));
    await app.register(errors);
    app.get("/", async () => "here");

    for (const url of ["/", "/nope"]) {
      const response = await app.inject(url);
      expect(response.statusCode).toBe(403);
      expect(response.json()).toMatchObject({ code: "NOT_YOU", detail: "Not you." });
    }
  });

  test.each(["encode", "spend"] as const)(
    "what a layer at %s throws while a reply goes out has the envelope",
    async (place) => {
      const app = await createApp({ way });
      const once = (phase: "preSerialization" | "onSend") => {
        let thrown = 0;
        return layerAt(place, {
          [phase]: () => {
            if (thrown++ === 0) refuse();
          },
        });
      };
      app.register(async (scope) => {
        await scope.register(once("preSerialization"));
        scope.get("/serialized", async () => ({ here: true }));
      });
      app.register(async (scope) => {
        await scope.register(once("onSend"));
        scope.get("/sent", async () => ({ here: true }));
      });
      await app.register(errors);

      expect((await app.inject("/serialized")).json()).toMatchObject({ code: "NOT_YOU" });
      expect((await app.inject("/sent")).json()).toMatchObject({ code: "NOT_YOU" });
    },
  );

  test("what a hook throws on every reply, errors included, never reaches the client", async () => {
    const log = createLogLines();
    const app = await errorsApp(way, {}, { logger: { stream: log.stream } });
    app.addHook("onSend", async () => {
      throw new Error(SECRET);
    });
    app.get("/", async (_request, reply) => {
      reply.header("content-encoding", "gzip");
      return { here: true };
    });

    for (const url of ["/", "/nope"]) {
      const response = await app.inject(url);
      expect(response.statusCode).toBe(500);
      expect(response.headers["content-type"]).toBe("application/problem+json; charset=utf-8");
      expect(response.headers).not.toHaveProperty("content-encoding");
      expect(response.json()).toMatchObject({ code: "INTERNAL_SERVER_ERROR" });
      expect(Number(response.headers["content-length"])).toBe(Buffer.byteLength(response.body));
    }
    expect(await log.find(({ msg }) => msg === "an error could not be sent")).toMatchObject({
      err: { message: SECRET },
    });
  });

  test("what is thrown has the envelope although an onError hook fails on it", async () => {
    const app = await createApp({ way });
    app.addHook("onError", async () => {
      throw new Error("the error reporter is down");
    });
    await app.register(errors);
    app.get("/", async () => {
      throw new Error(SECRET);
    });

    const response = await app.inject("/");

    expect(response.json()).toMatchObject({ status: 500, code: "INTERNAL_SERVER_ERROR" });
    expect(response.body).not.toContain("ECONNREFUSED");
  });

  test("a header that cannot be sent makes an error of the reply, and is left out of it", async () => {
    const app = await errorsApp(way);
    app.get("/sync", (_request, reply) => {
      reply.headers({ "x-bad": "a\nb", "x-good": "yes" }).send({ here: true });
    });
    app.get("/thrown", async () => {
      throw failWith("Gone.", { statusCode: 410, headers: { "x-bad": "a\nb", "x-good": "yes" } });
    });

    for (const [url, status] of [
      ["/sync", 500],
      ["/thrown", 410],
    ] as const) {
      const response = await app.inject(url);
      expect(response.statusCode).toBe(status);
      expect(response.headers).toMatchObject({ "x-good": "yes" });
      expect(response.json()).toMatchObject({ status });
    }
  });

  test("what breaks in the serializer of a reply has the envelope", async () => {
    const app = await errorsApp(way);
    app.get("/", async () => ({
      toJSON() {
        throw new Error(SECRET);
      },
    }));

    expect((await app.inject("/")).json()).toMatchObject({ status: 500 });
  });

  test("a route that was declared before the layer has the envelope too", async () => {
    const app = await createApp({ way });
    app.get("/early", async () => {
      throw new Error(SECRET);
    });
    app.register(async (scope) => {
      scope.get("/child", async () => {
        throw new Error(SECRET);
      });
    });
    app.register(errors, { dialect: "detail" });

    for (const url of ["/early", "/child"]) {
      const body = (await app.inject(url)).json();
      expect(body).toMatchObject({ detail: "The server could not complete the request." });
    }
  });

  test.each([
    [
      "too large",
      { "content-type": "application/json" },
      `"${"x".repeat(200)}"`,
      413,
      "BODY_TOO_LARGE",
    ],
    ["of an unknown type", { "content-type": "text/csv" }, "a,b", 415, "UNSUPPORTED_MEDIA_TYPE"],
    ["of no type at all", { "content-type": "garbage" }, "a,b", 415, "UNSUPPORTED_MEDIA_TYPE"],
    ["no JSON", { "content-type": "application/json" }, "{", 400, "INVALID_JSON"],
    ["empty", { "content-type": "application/json" }, "", 400, "INVALID_JSON"],
    ["poisonous", { "content-type": "application/json" }, '{"__proto__":1}', 400, "INVALID_JSON"],
    [
      "shorter than said",
      { "content-type": "application/json", "content-length": "9" },
      "{}",
      400,
      "INVALID_CONTENT_LENGTH",
    ],
  ])("a body that is %s has the envelope", async (_what, headers, payload, status, code) => {
    const app = await errorsApp(way, {}, { bodyLimit: 100 });
    app.post("/", async () => "run");

    const response = await app.inject({ method: "POST", url: "/", headers, payload });

    expect(response.statusCode).toBe(status);
    expect(response.json()).toMatchObject({ status, code });
    expect(response.json().code).not.toMatch(/^FST_/);
  });
});
