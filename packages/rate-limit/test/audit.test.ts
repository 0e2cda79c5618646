import { createRequire } from "node:module";
import { type AppOptions, createApp } from "@enfilade/line-testing";
import { createLogLines } from "@enfilade/testing";
import { describe, expect, it } from "vitest";
import { type RateLimitOptions, rateLimit } from "../src/index.ts";
import { believing } from "./apps.ts";

// Its types claim the same key of a route's config, for the whole program.
const fastifyRateLimit = createRequire(import.meta.url)("@fastify/rate-limit");

async function findings(
  trustProxy: unknown,
  options: RateLimitOptions = {},
): Promise<{ code: string; severity: string; why: string; where: string }[]> {
  const app = await createApp({ way: "in line", trustProxy } as AppOptions);
  if (options.by === "principal") await app.register(believing);
  await app.register(rateLimit, options);
  app.get("/", async () => "ok");
  await app.ready();
  return [...app.order.findings()];
}

describe("in line, TRUST_PROXY_OPEN warns where clients choose their address (case 34):", () => {
  it("one is enough", async () => {
    const found = await findings(["127.0.0.1", "::/1"]);
    expect(found).toMatchObject([
      { code: "TRUST_PROXY_OPEN", severity: "warning", why: expect.stringContaining("::/1") },
    ]);
  });

  it("and TRUST_PROXY_HOPS, where Fastify believes nobody although it was told to", async () => {
    expect(await findings(1)).toMatchObject([{ code: "TRUST_PROXY_HOPS", severity: "warning" }]);
  });

  it.each([
    ["nobody is trusted", false],
    ["a proxy is", "10.0.0.1"],
  ])("not where %s", async (_, trustProxy) => {
    expect(await findings(trustProxy)).toEqual([]);
  });

  it("not where nothing is counted by address", async () => {
    const found = await findings(true, { by: ({ url }) => url });
    expect(found).toEqual([]);
  });
});

it("alone, what the audit would warn of is logged", async () => {
  const lines = createLogLines();
  const app = await createApp({
    trustProxy: true,
    logger: { stream: lines.stream, level: "warn" },
  });
  await app.register(rateLimit);
  await app.ready();
  expect(lines.items).toMatchObject([{ code: "TRUST_PROXY_OPEN" }]);
});

describe("in line, the audit", () => {
  it("refuses to boot with @fastify/rate-limit beside it", async () => {
    const app = await createApp({ way: "in line" });
    await app.register(fastifyRateLimit, { global: false });
    await app.register(rateLimit);
    await expect(app.ready()).rejects.toThrow("RATE_LIMIT_ENGINE_BESIDE");
  });

  it("refuses to boot where a route speaks to a layer that is not in its line", async () => {
    const app = await createApp({ way: "in line" });
    await app.register(rateLimit);
    const own = { layer: "rate-limt", max: 5 };
    app.get("/login", { config: { rateLimit: own } }, async () => "ok");
    await expect(app.ready()).rejects.toThrow(/RATE_LIMIT_UNKNOWN_LAYER.*GET \/login/);
  });

  it("warns where principals are limited and addresses are not", async () => {
    const found = await findings(false, { by: "principal" });
    expect(found).toMatchObject([{ code: "RATE_LIMIT_NO_SHIELD", severity: "warning" }]);

    const app = await createApp({ way: "in line" });
    await app.register(believing);
    await app.register(rateLimit, { by: "principal" });
    await app.register(rateLimit, { layer: { name: "shield-limit" } });
    app.get("/", async () => "ok");
    await app.ready();
    expect(app.order.findings()).toEqual([]);
  });
});
