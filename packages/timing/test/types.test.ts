import type { FastifyContextConfig, FastifyPluginAsync, FastifyRequest } from "fastify";
import { expectTypeOf, it } from "vitest";
import plugin, {
  type Timing,
  type TimingOptions,
  type TimingRouteOptions,
  timing,
} from "../src/index.ts";

it("is an ordinary Fastify plugin, by name and by default", () => {
  expectTypeOf(plugin).toEqualTypeOf(timing);
  expectTypeOf(timing).toExtend<FastifyPluginAsync<TimingOptions>>();
});

it("types the request and the route's config", () => {
  expectTypeOf<FastifyRequest["timing"]>().toEqualTypeOf<Timing>();
  expectTypeOf<FastifyContextConfig["timing"]>().toEqualTypeOf<
    false | TimingRouteOptions | undefined
  >();
});

it("keeps the type of what is measured", () => {
  expectTypeOf<Timing["measure"]>().toBeFunction();
  const check = (timing: Timing) => {
    expectTypeOf(timing.measure("a", () => 1)).toEqualTypeOf<number>();
    expectTypeOf(timing.measure("a", async () => "x")).toEqualTypeOf<Promise<string>>();
    // @ts-expect-error a span needs a name
    timing.span();
  };
  expectTypeOf(check).toBeFunction();
});
