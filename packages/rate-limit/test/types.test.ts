import { createApp } from "@enfilade/line-testing";
import type { FastifyPluginAsync } from "fastify";
import { expect, expectTypeOf, it } from "vitest";
import byDefault, {
  type RateLimitOptions,
  type RateLimitRouteOptions,
  rateLimit,
  type TimeWindow,
} from "../src/index.ts";

it("the layer is a named and a default export, and an ordinary plugin", () => {
  expect(byDefault).toBe(rateLimit);
  expect(Reflect.get(rateLimit, Symbol.for("skip-override"))).toBe(true);
  expect(Reflect.get(rateLimit, Symbol.for("fastify.display-name"))).toBe("@enfilade/rate-limit");
  expectTypeOf(rateLimit).toExtend<FastifyPluginAsync<RateLimitOptions>>();
});

it("options, and what a route may say, are typed", async () => {
  expectTypeOf<"1 minute">().toExtend<TimeWindow>();
  expectTypeOf<"10s">().toExtend<TimeWindow>();
  expectTypeOf<"soon">().not.toExtend<TimeWindow>();
  const app = await createApp();
  app.get("/a", { config: { rateLimit: false } }, async () => "ok");
  app.get("/b", { config: { rateLimit: { max: 5, groupId: "b" } } }, async () => "ok");
  expectTypeOf<RateLimitRouteOptions>().not.toHaveProperty("store");
});
