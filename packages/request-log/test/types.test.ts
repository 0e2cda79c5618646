import type { FastifyContextConfig, FastifyPluginAsync } from "fastify";
import { expectTypeOf, it } from "vitest";
import plugin, {
  type Level,
  type RequestLogField,
  type RequestLogLine,
  type RequestLogOptions,
  type RequestLogRouteOptions,
  requestLog,
} from "../src/index.ts";

it("is an ordinary Fastify plugin, by name and by default", () => {
  expectTypeOf(plugin).toEqualTypeOf(requestLog);
  expectTypeOf(requestLog).toExtend<FastifyPluginAsync<RequestLogOptions>>();
});

it("types the route's config", () => {
  expectTypeOf<FastifyContextConfig["requestLog"]>().toEqualTypeOf<
    false | Level | RequestLogRouteOptions | undefined
  >();
});

it("names every field of the line", () => {
  expectTypeOf<RequestLogField>().toEqualTypeOf<keyof RequestLogLine>();
  expectTypeOf<RequestLogLine["status"]>().toEqualTypeOf<number | undefined>();
});
