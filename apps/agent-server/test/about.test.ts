import { expect, test } from "vitest";
import { testApp } from "./support.ts";

const echo = {
  id: "echo",
  name: "Echo",
  description: "Says back what it hears, word by word. Needs no network.",
  db_id: "enfilade-sqlite",
  model: { name: "Echo", model: "echo-1", provider: "enfilade" },
};

test.each([
  ["/", { name: "Enfilade agent server", id: "enfilade-agent-server", agents: ["echo"] }],
  ["/health", { status: "ok", instantiated_at: "2026-01-02T03:04:05.000Z" }],
  ["/info", { os_id: "enfilade-agent-server", auth_mode: "none", agent_count: 1, team_count: 0 }],
  ["/models", [{ id: "echo-1", provider: "enfilade" }]],
  ["/teams", []],
  ["/agents", [echo]],
  ["/agents/echo", echo],
])("GET %s tells what runs here", async (url, expected) => {
  const app = await testApp({ now: () => Date.UTC(2026, 0, 2, 3, 4, 5) });
  const response = await app.inject({ url, headers: { "content-type": "application/json" } });
  expect(response.statusCode).toBe(200);
  expect(response.json()).toMatchObject(expected);
});

test("GET /config names agents, models, databases and what to ask", async () => {
  const config = (await (await testApp()).inject("/config")).json();
  expect(config).toMatchObject({
    os_id: "enfilade-agent-server",
    available_models: [{ id: "echo-1", provider: "enfilade" }],
    databases: ["enfilade-sqlite"],
    agents: [echo],
    teams: [],
  });
  expect(config.chat.quick_prompts.echo).toContain("Hello there!");
});

test.each([
  ["GET", "/nowhere", 404, "There is nothing here."],
  ["PUT", "/agents", 405, "This path takes GET, HEAD."],
  ["GET", "/agents/nobody", 404, "Agent with ID nobody not found"],
  ["POST", "/agents/nobody/runs", 404, "Agent with ID nobody not found"],
  ["GET", "/%zz", 400, "The URL is not valid."],
] as const)("%s %s is refused as JSON with a text", async (method, url, status, detail) => {
  const response = await (await testApp()).inject({ method, url });
  expect(response.statusCode).toBe(status);
  expect(response.headers["content-type"]).toMatch(/^application\/json/);
  expect(response.json()).toMatchObject({ detail, request_id: response.headers["x-request-id"] });
});

test("GET /health says nothing of a Redis that nobody has asked for", async () => {
  expect((await (await testApp()).inject("/health")).json()).not.toHaveProperty("redis");
});
