import type { RuleMap } from "./rule-map.ts";

const run = { scopes: ["agents:{id}:run"] };
const read = { scopes: ["agents:{id}:read"] };

/**
 * Rules for the routes of an agent server that speaks the AgentOS dialect, in the scopes that its clients
 * hold: `agents:run`, `agents:<id>:run`, `sessions:read`, … The routes' parameter for an agent is `:id`.
 */
export const AGENT_OS_RULES: RuleMap = {
  "GET /": "public",
  "GET /health": "public",
  "GET /info": "public",
  "GET /config": { scopes: ["config:read"] },
  "GET /models": { scopes: ["config:read"] },
  "GET /agents": { scopes: ["agents:read"] },
  "GET /agents/:id": read,
  "POST /agents/:id/runs": run,
  "GET /agents/:id/runs/:run": run,
  "POST /agents/:id/runs/:run/cancel": run,
  "POST /agents/:id/runs/:run/continue": run,
  "POST /agents/:id/runs/:run/resume": run,
  "GET /teams": { scopes: ["teams:read"] },
  "GET /sessions": { scopes: ["sessions:read"] },
  "POST /sessions": { scopes: ["sessions:write"] },
  "GET /sessions/:session": { scopes: ["sessions:read"] },
  "PATCH /sessions/:session": { scopes: ["sessions:write"] },
  "DELETE /sessions/:session": { scopes: ["sessions:delete"] },
  "POST /sessions/:session/rename": { scopes: ["sessions:write"] },
  "GET /sessions/:session/runs": { scopes: ["sessions:read"] },
  "GET /metrics": { scopes: ["metrics:read"] },
};
