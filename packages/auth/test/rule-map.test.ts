import { createApp, WAYS } from "@enfilade/line-testing";
import { describe, expect, it } from "vitest";
import { AGENT_OS_RULES, auth, type RuleMap } from "../src/index.ts";
import { createRuleMap, findMapped } from "../src/rule-map.ts";
import { believing } from "./support.ts";

describe("a map of rules", () => {
  it.each([
    ["GET", "/agents/:agentId", "GET /agents/:id"],
    ["HEAD", "/agents/:agentId", "GET /agents/:id"],
    ["POST", "/agents/:agentId", "* /agents/:id"],
    ["GET", "/agents/mine", "GET /agents/mine"],
    ["GET", "/agents/:id/files/*", "GET /agents/*"],
    ["GET", "/docs/*", "GET /docs/*"],
    ["GET", "/docs/a/b", "GET /docs/*"],
    ["GET", "/docs", undefined],
    ["GET", "/agents", undefined],
    ["GET", "/a/x/c", "GET /a/*/c"],
    ["GET", "/other", undefined],
  ])("finds for %s %s: %s", (method, url, key) => {
    const keys = [
      "GET /agents/*",
      "* /agents/:id",
      "GET /agents/:id",
      "GET /agents/mine",
      "GET /docs/*",
      "GET /a/*/c",
    ];
    const all = Object.fromEntries(keys.map((name) => [name, "authenticated"])) as RuleMap;
    expect(findMapped(createRuleMap(all), method, url)?.key).toBe(key);
  });

  it.each(["/agents", "get /agents", "GET agents", "GET  /agents", "GET /a b"])(
    "has no key like %j",
    (key) => {
      expect(() => createRuleMap({ [key]: "public" })).toThrow(/A key is a method and a path/);
    },
  );
});

describe.each(WAYS)("routes that take their rules from the map, %s", (way) => {
  async function app(rules: RuleMap) {
    const app = await createApp({ way });
    await app.register(believing());
    await app.register(auth, { rules });
    return app;
  }

  it("are opened, or ask for scopes by what the key calls their parameters", async () => {
    const server = await app(AGENT_OS_RULES);
    server.get("/health", async () => "ok");
    server.post("/agents/:agentId/runs", async () => "ran");
    await server.ready();
    const run = (caller: string) =>
      server.inject({ method: "POST", url: "/agents/web/runs", headers: { "x-test": caller } });

    expect((await server.inject("/health")).statusCode).toBe(200);
    expect((await server.inject({ method: "HEAD", url: "/health" })).statusCode).toBe(200);
    expect((await run("")).statusCode).toBe(401);
    expect((await run("ann agents:web:run")).statusCode).toBe(200);
    expect((await run("ann agents:shop:run")).statusCode).toBe(403);
  });

  it("keep a rule of their own", async () => {
    const server = await app({ "GET /": "public" });
    server.get("/", { config: { access: { scopes: ["config:read"] } } }, async () => "");
    expect((await server.inject("/")).statusCode).toBe(401);
  });

  it("cannot be two things by their methods", async () => {
    const server = await app({ "GET /x": "public", "POST /x": "authenticated" });
    const handler = async () => "";
    expect(() => server.route({ method: ["GET", "POST"], url: "/x", handler })).toThrow(
      /ambiguous/,
    );
  });
});
