import type { JsonObject, Run, RunEvent, RunStatus, Session, ToolRecord } from "../store.ts";

/** A row of `sessions`, as SQLite returns it. */
export interface SessionRow {
  readonly id: string;
  readonly agent_id: string;
  readonly user_id: string | null;
  readonly name: string;
  readonly state: string;
  readonly metadata: string;
  readonly created_at: number;
  readonly updated_at: number;
}

/** A row of `runs`, as SQLite returns it. */
export interface RunRow {
  readonly id: string;
  readonly session_id: string;
  readonly agent_id: string;
  readonly user_id: string | null;
  readonly message: string;
  readonly files: string;
  readonly dependencies: string;
  readonly metadata: string;
  readonly status: string;
  readonly content: string;
  readonly tools: string;
  readonly input_tokens: number;
  readonly output_tokens: number;
  readonly created_at: number;
}

/** A row of `run_events`, as SQLite returns it. */
export interface EventRow {
  readonly position: number;
  readonly name: string;
  readonly data: string;
}

export function toSession(row: SessionRow): Session {
  return {
    id: row.id,
    agentId: row.agent_id,
    userId: row.user_id ?? undefined,
    name: row.name,
    state: JSON.parse(row.state) as JsonObject,
    metadata: JSON.parse(row.metadata) as JsonObject,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  };
}

export function toRun(row: RunRow): Run {
  return {
    id: row.id,
    sessionId: row.session_id,
    agentId: row.agent_id,
    userId: row.user_id ?? undefined,
    message: row.message,
    files: JSON.parse(row.files) as Run["files"],
    dependencies: JSON.parse(row.dependencies) as JsonObject,
    metadata: JSON.parse(row.metadata) as JsonObject,
    status: row.status as RunStatus,
    content: row.content,
    tools: JSON.parse(row.tools) as ToolRecord[],
    usage: { inputTokens: row.input_tokens, outputTokens: row.output_tokens },
    createdAt: row.created_at,
  };
}

export function toRunEvent(row: EventRow): RunEvent {
  return { index: row.position, name: row.name, data: row.data };
}
