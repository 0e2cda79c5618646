import { auth } from "@enfilade/auth";
import type { FastifyInstance } from "fastify";
import { expect, test } from "vitest";
import { type QuotaOptions, quota } from "../src/index.ts";
import { bareApp, believing } from "./support/apps.ts";

const policies: QuotaOptions["policies"] = {
  tokens: { counts: "tokens", limit: 1_000, per: "minute" },
  everybody: { counts: "runs", limit: 100, by: "server" },
};
const estimate = () => ({ tokens: 10 });

/** What the audit of the layer has to say of an app. */
async function findingsOf(
  options: QuotaOptions,
  declare: (app: FastifyInstance) => void,
): Promise<string[]> {
  const app = await bareApp("under the order");
  await app.register(quota, options);
  declare(app);
  await app.ready();
  return app.order
    .findings()
    .filter(({ code }) => code.startsWith("QUOTA_"))
    .map(({ code, severity, where }) => `${severity} ${code} ${where}`);
}

const runs = { config: { quota: true } };

test("an app whose routes all forgot their quota is warned of", async () => {
  expect(
    await findingsOf({ policies, estimate }, (app) => {
      app.get("/runs", { config: { quota: false } }, () => "done");
      app.get("/health", () => "well");
    }),
  ).toEqual(["warning QUOTA_NO_ROUTE quota"]);
});

test("a route is named whose callers nobody tells apart", async () => {
  expect(
    await findingsOf({ policies, estimate }, (app) => {
      app.get("/runs", runs, () => "done");
    }),
  ).toEqual(["warning QUOTA_WITHOUT_PRINCIPAL GET /runs"]);
});

test("also where others are known: a public route has no principal", async () => {
  expect(
    await findingsOf({ policies, estimate }, (app) => {
      app.register(believing);
      app.register(auth);
      app.get("/known", { config: { quota: true, access: "authenticated" } }, () => "done");
      app.post("/open", { config: { quota: true, public: true } }, () => "done");
    }),
  ).toEqual(["warning QUOTA_WITHOUT_PRINCIPAL POST /open"]);
});

test("who counts by address or by server needs no principal", async () => {
  const byAddress = { ...policies, tokens: { ...policies.tokens, by: "address" } };
  expect(
    await findingsOf({ policies: byAddress as QuotaOptions["policies"], estimate }, (app) => {
      app.get("/runs", runs, () => "done");
    }),
  ).toEqual([]);
});

test("a route is named whose runs reserve next to nothing, for want of an estimate", async () => {
  const byServer = {
    tokens: { counts: "tokens", limit: 1_000, per: "minute", by: "server" },
  } as const;
  expect(
    await findingsOf({ policies: byServer }, (app) => {
      app.get("/runs", runs, () => "done");
      app.get("/own", { config: { quota: { estimate } } }, () => "done");
    }),
  ).toEqual(["warning QUOTA_NO_ESTIMATE GET /runs"]);
});
