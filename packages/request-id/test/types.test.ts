import type { FastifyPluginAsync, FastifyRequest } from "fastify";
import Fastify from "fastify";
import { expect, expectTypeOf, it } from "vitest";
import byDefault, {
  createGenReqId,
  type RawRequest,
  type RequestIdOptions,
  requestId,
  type Trace,
} from "../src/index.ts";

it("is one plugin under both names", () => {
  expect(byDefault).toBe(requestId);
  expectTypeOf(requestId).toExtend<FastifyPluginAsync<RequestIdOptions>>();
});

it("declares the trace on every request, to be read only", () => {
  expectTypeOf<FastifyRequest["trace"]>().toEqualTypeOf<Trace>();
  expectTypeOf<FastifyRequest["id"]>().toEqualTypeOf<string>();
});

it("gives a generator that Fastify takes as it is", async () => {
  expectTypeOf(createGenReqId()).parameters.toEqualTypeOf<[RawRequest]>();
  const app = Fastify({ genReqId: createGenReqId({ accept: false, generate: () => "made" }) });
  app.get("/", async (request) => request.id);
  expect((await app.inject("/")).body).toBe("made");
  await app.close();
});
