import Fastify from "fastify";
import { expectTypeOf, onTestFinished, test } from "vitest";
import defaultExport, {
  type Caller,
  type LimitOf,
  type QuotaOptions,
  quota,
  type RunQuota,
  type Settlement,
} from "../src/index.ts";

test("the layer is a named and a default export, and policies must be given", () => {
  expectTypeOf(defaultExport).toEqualTypeOf(quota);
  expectTypeOf<Pick<QuotaOptions, never>>().not.toExtend<QuotaOptions>();
  expectTypeOf<LimitOf>().parameter(0).toEqualTypeOf<Caller>();
});

test("a request has a quota or none, and the app has all of them", () => {
  const app = Fastify();
  onTestFinished(() => app.close());
  app.get("/", { config: { quota: { policies: ["tokens"] } } }, async (request) => {
    expectTypeOf(request.quota).toEqualTypeOf<RunQuota | null>();
    expectTypeOf(app.quota.reset).returns.resolves.toEqualTypeOf<readonly string[]>();
    return request.quota?.settle({ tokens: 5 });
  });
  expectTypeOf<RunQuota["settle"]>().returns.resolves.toEqualTypeOf<Settlement>();
  // @ts-expect-error a policy has a name, and not a number
  app.get("/b", { config: { quota: { policies: [5] } } }, async () => "b");
});
