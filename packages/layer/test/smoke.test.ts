import Fastify from "fastify";
import { expect, it } from "vitest";
import { defineLayer, exchangeOf } from "../src/index.ts";

it("works alone", async () => {
  const log: string[] = [];
  const layer = defineLayer({
    name: "probe",
    place: "observe",
    setup: () => ({
      onRequest(request) {
        log.push("onRequest");
        if (request.url === "/no") return;
      },
      onHeaders(_request, reply) {
        reply.header("x-probe", "1");
      },
      async onSettled(request, _reply, outcome) {
        log.push(outcome, String(typeof exchangeOf(request)?.headersAt));
      },
    }),
  });
  const app = Fastify();
  await app.register(layer);
  app.get("/", async () => ({ ok: true }));
  app.get("/hijack", (_request, reply) => {
    reply.hijack();
    reply.raw.end("raw");
  });
  const response = await app.inject("/");
  expect(response.headers["x-probe"]).toBe("1");
  expect((await app.inject("/hijack")).headers["x-probe"]).toBe("1");
  expect((await app.inject("/nope")).headers["x-probe"]).toBe("1");
  expect(log).toEqual(Array(3).fill(["onRequest", "completed", "number"]).flat());
  await app.close();
});
