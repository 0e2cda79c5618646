import type { FastifyContextConfig, FastifyPluginAsync, FastifyReply } from "fastify";
import { expect, expectTypeOf, it } from "vitest";
import byDefault, {
  type CspDirectives,
  type RouteSecurityHeaders,
  type SecurityHeadersOptions,
  securityHeaders,
} from "../src/index.ts";

it("is one plugin under both names", () => {
  expect(byDefault).toBe(securityHeaders);
  expectTypeOf(securityHeaders).toExtend<FastifyPluginAsync<SecurityHeadersOptions>>();
});

it("declares the nonces on every reply, as @fastify/helmet does, and the key of a route", () => {
  expectTypeOf<FastifyReply["cspNonce"]>().toEqualTypeOf<{ script: string; style: string }>();
  expectTypeOf<FastifyContextConfig["securityHeaders"]>().toEqualTypeOf<
    RouteSecurityHeaders | undefined
  >();
});

it("knows the directives and the values of the headers", () => {
  expectTypeOf<{
    scriptSrc: ["'self'", "'nonce'", "https://a.example"];
  }>().toExtend<CspDirectives>();
  // @ts-expect-error: there is no such directive
  const directive: CspDirectives = { scriptSource: ["'self'"] };
  // @ts-expect-error: the header has no such value
  const value: SecurityHeadersOptions = { xFrameOptions: "ALLOWALL" };
  expect([directive, value]).toHaveLength(2);
});
