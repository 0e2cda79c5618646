import type { FastifyContextConfig, FastifyPluginAsync, FastifyRequest } from "fastify";
import { expect, expectTypeOf, it } from "vitest";
import byDefault, {
  type CorsOptions,
  type CorsRouteOptions,
  cors,
  EXPOSED_HEADERS,
  type OriginFunction,
} from "../src/index.ts";

it("is one plugin under both names", () => {
  expect(byDefault).toBe(cors);
  expectTypeOf(cors).toExtend<FastifyPluginAsync<CorsOptions>>();
});

it("declares what a route may say", () => {
  expectTypeOf<FastifyContextConfig["cors"]>().toEqualTypeOf<
    false | CorsRouteOptions | undefined
  >();
});

it("takes origins in every form, and not true, nor a callback", () => {
  expectTypeOf<string | RegExp | OriginFunction>().toExtend<CorsOptions["origin"]>();
  expectTypeOf<readonly (string | RegExp | OriginFunction)[]>().toExtend<CorsOptions["origin"]>();
  expectTypeOf<true>().not.toExtend<CorsOptions["origin"]>();
  expectTypeOf<OriginFunction>().parameters.toEqualTypeOf<[string, FastifyRequest]>();
  expectTypeOf<OriginFunction>().returns.toEqualTypeOf<boolean | Promise<boolean>>();
});

it("lets a list of one's own begin with the default one", () => {
  expectTypeOf([...EXPOSED_HEADERS, "X-Total"]).toExtend<CorsOptions["exposedHeaders"]>();
});
