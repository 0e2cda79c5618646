import Fastify, { type FastifyRequest } from "fastify";
import { expectTypeOf, onTestFinished, test } from "vitest";
import defaultExport, {
  type Host,
  type HostCheck,
  type TrustedHostOptions,
  trustedHost,
} from "../src/index.ts";

test("the layer is a named and a default export, and hosts must be given", () => {
  const app = Fastify();
  onTestFinished(async () => {
    await app.close().catch(() => {});
  });
  expectTypeOf(defaultExport).toEqualTypeOf(trustedHost);
  app.register(trustedHost, { hosts: ["example.com"], wwwRedirect: false });
  expectTypeOf<TrustedHostOptions["hosts"]>().toEqualTypeOf<readonly string[] | HostCheck | "*">();
  expectTypeOf<Pick<TrustedHostOptions, never>>().not.toExtend<TrustedHostOptions>();
});

test("a function is given a host in its normal form, and the request", () => {
  expectTypeOf<HostCheck>().parameters.toEqualTypeOf<[Host, FastifyRequest]>();
  expectTypeOf<HostCheck>().returns.toEqualTypeOf<boolean | Promise<boolean>>();
});

test("a route has hosts of its own, or goes without", () => {
  const app = Fastify();
  onTestFinished(() => app.close());
  app.get("/a", { config: { trustedHost: false } }, async () => "a");
  app.get("/b", { config: { trustedHost: ["b.example"] } }, async () => "b");
  // @ts-expect-error it cannot be turned on where it is not registered
  app.get("/c", { config: { trustedHost: true } }, async () => "c");
});
