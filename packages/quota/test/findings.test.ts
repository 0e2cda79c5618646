import { auth } from "@enfilade/auth";
import { defineLayer } from "@enfilade/layer";
import { claimNames } from "@enfilade/limiter/http";
import { createApp, WAYS } from "@enfilade/line-testing";
import { createLogLines } from "@enfilade/testing";
import type { FastifyInstance } from "fastify";
import { expect, test } from "vitest";
import { type QuotaOptions, quota } from "../src/index.ts";
import { believing } from "./support/apps.ts";

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
  const app = await createApp({ way: "in line" });
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

test("alone, the warnings are logged", async () => {
  const lines = createLogLines();
  const app = await createApp({ logger: { stream: lines.stream, level: "warn" } });
  await app.register(quota, { policies });
  app.get("/runs", runs, () => "done");
  await app.ready();
  await expect(lines.find(({ code }) => code === "QUOTA_WITHOUT_PRINCIPAL")).resolves.toMatchObject(
    {
      where: "GET /runs",
      msg: "nothing there finds out who is calling, and tokens is counted by address",
      fix: expect.stringContaining("Register an authenticator"),
    },
  );
  await lines.find(({ code }) => code === "QUOTA_NO_ESTIMATE");
  expect(lines.items.map(({ code }) => code)).toEqual([
    "QUOTA_WITHOUT_PRINCIPAL",
    "QUOTA_NO_ESTIMATE",
  ]);
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

test("only what governs a route has something to say of it", async () => {
  expect(
    await findingsOf({ policies, estimate }, (app) => {
      app.get("/outer", runs, () => "done");
      app.register(async (scope) => {
        const tokens = { counts: "tokens", limit: 5, per: "day", by: "address" } as const;
        const layer = { override: true };
        await scope.register(quota, { policies: { tokens }, estimate, layer });
        scope.get("/inner", runs, () => "done");
      });
    }),
  ).toEqual(["warning QUOTA_WITHOUT_PRINCIPAL GET /outer"]);
});

/** As `@enfilade/rate-limit` does: tells the clients of every route of a policy by address. */
const shield = defineLayer({
  name: "rate-limit",
  place: "shield",
  setup() {
    const teller = { name: "rate-limit" };
    return {
      onRoute: ({ options }) => void claimNames(options, teller, ["address"]),
      audit({ routes }) {
        for (const { config } of routes) claimNames(config, teller, ["address"]);
        return [];
      },
    };
  },
});

test.each(WAYS)("%s, a name that another layer tells is taken", async (way) => {
  const boot = async (
    by: QuotaOptions["policies"],
    own: { quota: boolean | { policies: string[] } } = { quota: true },
    options: Partial<QuotaOptions> = {},
  ) => {
    const app = await createApp({ way });
    await app.register(shield);
    await app.register(quota, { policies: by, estimate, ...options });
    app.get("/runs", { config: own }, () => "done");
    await app.ready();
  };
  const requests = { counts: "requests", limit: 5, per: "hour", by: "address" } as const;
  const both = { address: requests, other: requests };

  await expect(boot(both)).rejects.toThrow(
    /GET \/runs\)?:? clients are told of two policies named "address", by rate-limit and by quota. Give one of them another name, or say told: false./,
  );
  await boot(both, { quota: { policies: ["other"] } });
  await boot(both, { quota: false });
  await boot(both, { quota: true }, { headers: ["legacy"] });
  await boot({ address: { ...requests, told: false } });
});

test.each(WAYS)("%s, quotas of which one governs may share a name", async (way) => {
  const app = await createApp({ way });
  const requests = { counts: "requests", limit: 5, per: "hour", by: "address" } as const;
  await app.register(quota, { policies: { requests } });
  app.register(async (scope) => {
    const layer = { override: way === "in line" };
    await scope.register(quota, { policies: { requests: { ...requests, limit: 3 } }, layer });
    scope.get("/runs", { config: { quota: true } }, () => "done");
  });
  const { headers } = await app.inject("/runs");
  expect(headers["ratelimit-policy"]).toBe('"requests";q=3;w=3600');
});
