import type { FastifyPluginAsync, FastifyRequest } from "fastify";
import { expect, expectTypeOf, it } from "vitest";
import byDefault, { type AuthOptions, auth, type Principal } from "../src/index.ts";

it("is one plugin under both names", () => {
  expect(byDefault).toBe(auth);
  expectTypeOf(auth).toExtend<FastifyPluginAsync<AuthOptions>>();
});

it("declares the principal on every request", () => {
  expectTypeOf<FastifyRequest["principal"]>().toEqualTypeOf<Principal | null>();
});
