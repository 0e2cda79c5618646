import { createApp } from "@enfilade/line-testing";
import fastifyCors from "@fastify/cors";
import websocket from "@fastify/websocket";
import type { FastifyInstance } from "fastify";
import { describe, expect, it } from "vitest";
import { type CorsOptions, cors } from "../src/index.ts";
import { APP } from "./apps.ts";

async function findings(options: CorsOptions, add: (app: FastifyInstance) => unknown = () => {}) {
  const app = await createApp({ way: "in line" });
  await app.register(cors, options);
  await add(app);
  await app.ready();
  return app.order.findings().filter(({ code }) => code.startsWith("CORS_"));
}

it("finds nothing to say of a list of https origins", async () => {
  expect(await findings({ origin: [APP, "https://*.app.example"], credentials: true })).toEqual([]);
  expect(await findings({})).toEqual([]);
  expect(await findings({ origin: "*" })).toEqual([]);
});

describe("it warns", () => {
  it("of null, which anybody can be", async () => {
    expect(await findings({ origin: ["null"] })).toMatchObject([
      { code: "CORS_NULL_ORIGIN", severity: "warning", where: "@enfilade/cors" },
    ]);
  });

  it.each([
    ["http://app.example", true],
    ["http://*.app.example", true],
    ["http://10.0.0.1:8080", true],
    ["http://localhost:5173", false],
    ["http://127.0.0.1", false],
    ["http://[::1]:3000", false],
    ["http://*.localhost", false],
    ["http://localhost.app.example", true],
    ["https://app.example", false],
  ])("of %s with credentials, if the network is in between", async (origin, warned) => {
    const expected = warned ? [{ code: "CORS_INSECURE_ORIGIN", severity: "warning" }] : [];
    expect(await findings({ origin, credentials: true })).toMatchObject(expected);
    expect(await findings({ origin })).toEqual([]);
  });

  it("of a private network that everybody may reach", async () => {
    expect(await findings({ origin: "*", privateNetwork: true })).toMatchObject([
      { code: "CORS_OPEN_PRIVATE_NETWORK", severity: "warning" },
    ]);
    expect(await findings({ origin: APP, privateNetwork: true })).toEqual([]);
  });

  it("of a WebSocket that everybody may open", async () => {
    const routes = (app: FastifyInstance) =>
      app.register(websocket).register(async (child) => {
        child.get("/open", { websocket: true, config: { cors: { origin: "*" } } }, () => {});
        child.get(
          "/off",
          { websocket: true, config: { cors: { checkUpgrades: false } } },
          () => {},
        );
        child.get("/shut", { websocket: true }, () => {});
      });
    const found = await findings({ origin: APP }, routes);
    expect(found.map(({ code, where }) => [code, where])).toEqual([
      ["CORS_OPEN_UPGRADE", "GET /open"],
      ["CORS_OPEN_UPGRADE", "GET /off"],
    ]);
  });

  it("of what a single route says, and names it", async () => {
    const found = await findings({ origin: APP }, (app) => {
      app.get("/x", { config: { cors: { origin: "null" } } }, async () => "");
      app.get("/y", { config: { cors: false } }, async () => "");
    });
    expect(found).toMatchObject([
      { code: "CORS_NULL_ORIGIN", where: "@enfilade/cors (config.cors of GET /x)" },
    ]);
  });
});

describe("it refuses to boot", () => {
  it("with a function that, asked at boot, lets everybody use credentials", async () => {
    const app = await createApp({ way: "in line" });
    app.log.error = () => {};
    await app.register(cors, { origin: async () => true, credentials: true });
    await expect(app.ready()).rejects.toMatchObject({
      code: "ORDER_REFUSED",
      findings: [{ code: "CORS_WILDCARD_CREDENTIALS", severity: "error" }],
    });
  });

  it("beside a registration of the engine", async () => {
    const app = await createApp({ way: "in line" });
    await app.register(fastifyCors, { origin: "*" });
    await app.register(cors, { origin: APP });
    await expect(app.ready()).rejects.toMatchObject({
      findings: [{ code: "CORS_ENGINE_BESIDE" }],
    });
  });
});
