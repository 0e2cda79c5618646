import type { FastifyInstance } from "fastify";
import { mayDo } from "./caller.ts";
import { type RouteContext, requireAgent } from "./context.ts";
import { agentView } from "./views.ts";

const name = "Enfilade agent server";
const id = "enfilade-agent-server";
const description = "A real agent server with every layer of Enfilade in line.";

/** Serves what runs here: the server itself, its agents and their models. */
export function aboutRoutes(app: FastifyInstance, context: RouteContext): void {
  const agents = [...context.agents.values()];
  const dbId = context.store.id;
  const startedAt = new Date(context.now()).toISOString();

  // Open to everybody, so it says no more than what this is where callers have to say who they are.
  const offered = context.authMode === "none" && { agents: agents.map((agent) => agent.id) };
  app.get("/", async () => ({ name, description, id, ...offered }));
  // The server is well while Redis is away: it counts for itself, and says so.
  app.get("/health", async () => {
    const redis = context.counters.state();
    return { status: "ok", instantiated_at: startedAt, ...(redis && { redis }) };
  });
  app.get("/info", async () => ({
    os_id: id,
    name,
    auth_mode: context.authMode,
    agent_count: agents.length,
    team_count: 0,
    workflow_count: 0,
  }));

  app.get("/config", async () => ({
    os_id: id,
    name,
    description,
    available_models: models(context),
    databases: [dbId],
    session: { dbs: [{ db_id: dbId, domain_config: { display_name: "Sessions" } }] },
    metrics: { dbs: [{ db_id: dbId, domain_config: { display_name: "Metrics" } }] },
    chat: {
      quick_prompts: Object.fromEntries(agents.map((agent) => [agent.id, agent.quickPrompts])),
    },
    agents: agents.map((agent) => agentView(agent, dbId)),
    teams: [],
    workflows: [],
    interfaces: [],
  }));

  app.get("/models", async () => models(context));
  app.get("/teams", async () => []);
  app.get("/agents", async (request) =>
    agents
      .filter((agent) => mayDo(request, `agents:${agent.id}:read`))
      .map((agent) => agentView(agent, dbId)),
  );
  app.get<{ Params: { agentId: string } }>("/agents/:agentId", async (request) =>
    agentView(requireAgent(context, request.params.agentId), dbId),
  );
}

function models({ agents }: RouteContext): object[] {
  const byId = new Map([...agents.values()].map(({ model }) => [model.id, model]));
  return [...byId.values()].map(({ id, provider }) => ({ id, provider }));
}
