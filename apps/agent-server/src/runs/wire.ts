import type { Agent, TokenUsage, ToolCall } from "../agents/agent.ts";
import type { Run, RunEvent, ToolRecord } from "../store/store.ts";

/** The events of a run, by the names that clients know. */
export type RunEventName =
  | "RunStarted"
  | "RunContinued"
  | "RunContent"
  | "ToolCallStarted"
  | "ToolCallCompleted"
  | "ToolCallError"
  | "RunCompleted"
  | "RunError"
  | "RunCancelled";

/** Writes token counts the way clients read them. */
export function toMetrics(usage: TokenUsage): Readonly<Record<string, number>> {
  return {
    input_tokens: usage.inputTokens,
    output_tokens: usage.outputTokens,
    total_tokens: usage.inputTokens + usage.outputTokens,
  };
}

/** Writes a tool call the way clients read it. */
export function toToolRecord(call: ToolCall, failed: boolean, at: number): ToolRecord {
  return {
    tool_call_id: call.id,
    tool_name: call.name,
    tool_args: call.args,
    tool_call_error: failed,
    ...(call.result !== undefined && { result: call.result }),
    created_at: at,
  };
}

/**
 * Makes an event of a run; fields that are undefined are left out.
 *
 * `event_index` is what a client hands back as `last_event_index` to resume.
 */
export function toRunEvent(
  name: RunEventName,
  context: {
    readonly run: Run;
    readonly agent: Pick<Agent, "id" | "name">;
    readonly index: number;
    readonly at: number;
  },
  fields: Readonly<Record<string, unknown>> = {},
): RunEvent {
  const { run, agent, index, at } = context;
  const data = {
    created_at: at,
    event: name,
    agent_id: agent.id,
    agent_name: agent.name,
    run_id: run.id,
    session_id: run.sessionId,
    event_index: index,
    ...fields,
  };
  return { index, name, data: JSON.stringify(data) };
}
