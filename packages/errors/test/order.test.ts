import { defineLayer } from "@enfilade/layer";
import { listen, openExchange } from "@enfilade/testing";
import websocket from "@fastify/websocket";
import fc from "fast-check";
import { expect, onTestFinished, test } from "vitest";
import { WebSocket } from "ws";
import { errors } from "../src/index.ts";
import { bareApp, errorsApp, failWith, WAYS } from "./apps.ts";

const outer = defineLayer({
  name: "outer",
  place: "protect",
  setup: () => ({
    onHeaders(_request, reply) {
      reply.header("x-outer", "yes");
    },
  }),
});
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
  const app = await errorsApp("under the order");
  await app.register(guard);
  app.get("/", async () => "here");
  await app.ready();

  const { doors, phases } = app.order.explain("GET", "/");

  expect(doors.map(({ layer, place }) => [layer, place])).toEqual([
    ["errors", "shape"],
    ["guard", "authenticate"],
  ]);
  expect(phases.onSend).toEqual(["errors"]);
});

test("behaves the same whatever the order of registration", async () => {
  const steps = ["errors", "outer", "guard", "route", "scope"] as const;
  await fc.assert(
    fc.asyncProperty(
      fc.shuffledSubarray([...steps], { minLength: steps.length }),
      async (order) => {
        const app = await bareApp("under the order");
        for (const step of order) {
          if (step === "errors") app.register(errors, { dialect: "detail" });
          else if (step === "outer") app.register(outer);
          else if (step === "guard") app.register(guard);
          else if (step === "route") app.get("/", async () => Promise.reject(new Error("no")));
          else app.register(async (scope) => void scope.get("/scope", async () => "here"));
        }
        const ask = (url: string, authorization?: string) =>
          app.inject({ url, headers: authorization === undefined ? {} : { authorization } });

        const refused = await ask("/scope");
        expect(refused.statusCode).toBe(401);
        expect(refused.headers["x-outer"]).toBe("yes");
        expect(refused.json()).toMatchObject({ detail: "Who are you?", code: "NO_TOKEN" });
        expect((await ask("/", "x")).json()).toMatchObject({ code: "INTERNAL_SERVER_ERROR" });
        expect((await ask("/nope", "x")).json()).toMatchObject({ code: "NOT_FOUND" });
        await app.close();
      },
    ),
    { numRuns: 20 },
  );
});

test("is left out of a route that skips it", async () => {
  const app = await errorsApp("under the order");
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

  const socket = new WebSocket(`${origin.replace("http", "ws")}/socket`, {
    headers: { authorization: "x" },
  });
  onTestFinished(() => socket.terminate());
  const code = await new Promise((resolve) => socket.on("close", resolve));
  expect(code).toBe(1000);
});
