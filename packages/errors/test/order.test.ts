import { once } from "node:events";
import { defineLayer } from "@enfilade/layer";
import { inAnyOrder, outer, WAYS } from "@enfilade/line-testing";
import { listen, openExchange, openWebSocket } from "@enfilade/testing";
import websocket from "@fastify/websocket";
import { expect, test } from "vitest";
import { errors } from "../src/index.ts";
import { errorsApp, failWith } from "./apps.ts";

const guard = defineLayer({
  name: "guard",
  place: "authenticate",
  setup: () => ({
    onRequest(request) {
      if (request.headers.authorization === undefined) {
        throw failWith("Who are you?", { statusCode: 401, code: "NO_TOKEN" });
      }
    },
  }),
});

test("stands at its place, outside all that may throw", async () => {
  const app = await errorsApp("in line");
  await app.register(guard);
  app.get("/", async () => "here");
  await app.ready();

  const { doors, phases } = app.order.explain("GET", "/");

  expect(doors).toMatchObject([
    { layer: "errors", place: "shape" },
    { layer: "guard", place: "authenticate" },
  ]);
  expect(phases.onSend).toEqual(["errors"]);
});

test("behaves the same whatever the order of registration", async () => {
  await inAnyOrder(
    [
      (app) => app.register(errors, { dialect: "detail" }),
      (app) => app.register(outer),
      (app) => app.register(guard),
      (app) => app.get("/", async () => Promise.reject(new Error("no"))),
      (app) => app.register(async (scope) => void scope.get("/scope", async () => "here")),
    ],
    async (app) => {
      const ask = (url: string, authorization?: string) =>
        app.inject({ url, headers: authorization === undefined ? {} : { authorization } });

      const refused = await ask("/scope");
      expect(refused.statusCode).toBe(401);
      expect(refused.headers["x-outer"]).toBe("yes");
      expect(refused.json()).toMatchObject({ detail: "Who are you?", code: "NO_TOKEN" });
      expect((await ask("/", "x")).json()).toMatchObject({ code: "INTERNAL_SERVER_ERROR" });
      expect((await ask("/nope", "x")).json()).toMatchObject({ code: "NOT_FOUND" });
    },
  );
});

test("is left out of a route that skips it", async () => {
  const app = await errorsApp("in line");
  app.get("/", { config: { skip: ["errors"] } }, async () => {
    throw failWith("Gone.", { statusCode: 410 });
  });

  expect((await app.inject("/")).json()).toEqual({
    statusCode: 410,
    error: "Gone",
    message: "Gone.",
  });
});

test.each(WAYS)("%s, an upgrade that is refused is answered in the envelope", async (way) => {
  const app = await errorsApp(way);
  await app.register(guard);
  await app.register(websocket);
  app.get("/socket", { websocket: true }, (socket) => socket.close(1000));
  const origin = await listen(app);
  const upgrade = {
    connection: "Upgrade",
    upgrade: "websocket",
    "sec-websocket-version": "13",
    "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ==",
  };

  const exchange = await openExchange(origin, { path: "/socket", headers: upgrade });

  expect((await exchange.head()).status).toBe(401);
  expect(JSON.parse(await exchange.wholeBody())).toMatchObject({ code: "NO_TOKEN" });

  const [code] = await once(openWebSocket(origin, { headers: { authorization: "x" } }), "close");
  expect(code).toBe(1000);
});
