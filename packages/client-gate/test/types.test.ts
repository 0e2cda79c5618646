import Fastify, {
  type FastifyContextConfig,
  type FastifyPluginAsync,
  type FastifyRequest,
} from "fastify";
import { expect, expectTypeOf, onTestFinished, test } from "vitest";
import byDefault, {
  type AllowRule,
  type ClientCheck,
  type ClientGateOptions,
  clientGate,
  type HeaderMatcher,
  type RefuseRule,
} from "../src/index.ts";

test("the layer is a named and a default export, and needs no options", () => {
  expect(byDefault).toBe(clientGate);
  expectTypeOf(clientGate).toExtend<FastifyPluginAsync<ClientGateOptions>>();
  const app = Fastify();
  onTestFinished(() => app.close());
  app.register(clientGate);
});

test("a rule has a name, and one that lets in has no answer", () => {
  expectTypeOf<AllowRule>().not.toHaveProperty("status");
  expectTypeOf<RefuseRule>().toHaveProperty("status");
  // @ts-expect-error: without a name nobody could tell in the log which rule it was
  const nameless: RefuseRule = { userAgent: "App" };
  expect(nameless).toBeDefined();
});

test("a function is given the request", () => {
  expectTypeOf<ClientCheck>().parameters.toEqualTypeOf<[FastifyRequest]>();
  expectTypeOf<ClientCheck>().returns.toEqualTypeOf<boolean | Promise<boolean>>();
});

test("patterns are no regular expressions", () => {
  expectTypeOf<RegExp>().not.toExtend<HeaderMatcher>();
  expectTypeOf<RegExp>().not.toExtend<RefuseRule["userAgent"]>();
});

test("a route has rules of its own, or goes without", () => {
  const app = Fastify();
  onTestFinished(() => app.close());
  app.get("/a", { config: { clientGate: false } }, async () => "a");
  app.get("/b", { config: { clientGate: { otherwise: "refuse" } } }, async () => "b");
  // @ts-expect-error: it cannot be turned on where it is not registered
  const config: FastifyContextConfig = { clientGate: true };
  expect(config).toBeDefined();
});
