import type { Agent } from "../agents/agent.ts";
import { toMetrics } from "../runs/wire.ts";
import type { Run, Session } from "../store/store.ts";

/** Writes an agent the way clients read it. */
export function agentView(agent: Agent, dbId: string): object {
  const { id, name, provider } = agent.model;
  return {
    id: agent.id,
    name: agent.name,
    description: agent.description,
    // Never empty, or a user interface does not ask for sessions.
    db_id: dbId,
    model: { name, model: id, provider },
  };
}

/** Writes a run as the answer to the request that started it, or that asks for it later. */
export function runView(run: Run, agent: Agent): object {
  return {
    run_id: run.id,
    session_id: run.sessionId,
    agent_id: agent.id,
    agent_name: agent.name,
    ...userIn(run),
    model: agent.model.id,
    model_provider: agent.model.provider,
    ...contentOf(run),
  };
}

/** Writes a run as a part of its session. */
export function sessionRunView(run: Run): object {
  return {
    run_id: run.id,
    session_id: run.sessionId,
    agent_id: run.agentId,
    ...userIn(run),
    ...contentOf(run),
  };
}

/** Writes a session as an entry of a list. */
export function sessionEntry(session: Session): object {
  return {
    session_id: session.id,
    session_name: session.name,
    created_at: session.createdAt,
    updated_at: session.updatedAt,
  };
}

/** Writes a session in full. */
export function sessionView(session: Session): object {
  return {
    ...sessionEntry(session),
    agent_id: session.agentId,
    ...userIn(session),
    session_state: session.state,
    metadata: session.metadata,
  };
}

function contentOf(run: Run): object {
  return {
    run_input: run.message,
    content: run.content,
    content_type: "str",
    ...(run.tools.length > 0 && { tools: run.tools }),
    ...(run.files.length > 0 && {
      files: run.files.map(({ name, mediaType, size }) => ({
        filename: name,
        mime_type: mediaType,
        size,
      })),
    }),
    metrics: toMetrics(run.usage),
    status: run.status,
    created_at: run.createdAt,
  };
}

/** Fields without a value are left out, not null. */
function userIn({ userId }: { userId: string | undefined }): object {
  return userId === undefined ? {} : { user_id: userId };
}
