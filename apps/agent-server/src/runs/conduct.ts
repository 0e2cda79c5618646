import { randomUUID } from "node:crypto";
import {
  type Agent,
  type AgentEvent,
  AgentFailure,
  type AgentInput,
  type TokenUsage,
} from "../agents/agent.ts";
import { isTokenCount } from "../agents/tokens.ts";
import type { RunOutcome, RunStore, ToolRecord } from "../store/store.ts";
import { type LiveRun, RunStopped } from "./live-run.ts";
import type { Remainder, RunMeter } from "./meter.ts";
import { untilAborted } from "./until-aborted.ts";
import { type RunEventName, toMetrics, toRunEvent, toToolRecord } from "./wire.ts";

/** What conducting a run needs besides the run. */
export interface Conducting {
  readonly agent: Agent;
  readonly input: AgentInput;
  readonly opening: "RunStarted" | "RunContinued";
  readonly store: RunStore;
  readonly meter: RunMeter;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  readonly timeoutMs: number;
  /** Receives failures whose message is not for the caller, under the id that the caller gets. */
  readonly onError: (error: unknown, errorId: string) => void;
}

interface Ending {
  readonly status: RunOutcome["status"];
  readonly event: RunEventName;
  readonly fields: Readonly<Record<string, unknown>>;
}

/** Lets the agent work, and stores what it does event by event, the end included. */
export async function conduct(live: LiveRun, options: Conducting): Promise<void> {
  const { agent, input, store, meter, now } = options;
  const seconds = (): number => Math.floor(now() / 1000);
  const tools = new Map<string, ToolRecord>();
  const pieces: string[] = [];
  let usage: TokenUsage = { inputTokens: 0, outputTokens: 0 };

  const event = (name: RunEventName, fields: Readonly<Record<string, unknown>>) =>
    toRunEvent(name, { run: live.run, agent, index: live.nextIndex, at: seconds() }, fields);
  const emit = async (name: RunEventName, fields: Readonly<Record<string, unknown>>) => {
    await store.append(live.run.id, event(name, fields));
    live.nextIndex += 1;
    live.news.ring();
    await live.room();
  };
  const handle = async (happened: AgentEvent): Promise<void> => {
    if (happened.type === "usage") {
      usage = countable(happened.usage);
      await meter.use(usage);
    } else if (happened.type === "content") {
      pieces.push(happened.text);
      await emit("RunContent", { content: happened.text, content_type: "str" });
    } else {
      const tool = toToolRecord(happened.call, happened.type === "tool-failed", seconds());
      tools.set(tool.tool_call_id, tool);
      await emit(toolEvents[happened.type], { tool });
    }
  };

  const { signal } = live;
  const deadline = setTimeout(() => live.abort(tookTooLong()), options.timeoutMs);
  const onUnaffordable = (): void => live.abort(unaffordable(meter.signal.reason));
  if (meter.signal.aborted) onUnaffordable();
  else meter.signal.addEventListener("abort", onUnaffordable, { once: true });
  let ending: Ending;
  let left: readonly Remainder[];
  try {
    const { id: model, provider } = agent.model;
    await emit(options.opening, { model, model_provider: provider });
    for await (const happened of untilAborted(agent.run(input, signal), signal)) {
      await handle(happened);
    }
    const content = pieces.join("");
    const fields = { content, content_type: "str", metrics: toMetrics(usage) };
    ending = { status: "COMPLETED", event: "RunCompleted", fields };
  } catch (error) {
    ending = endingOf(signal.aborted ? signal.reason : error, options.onError);
  } finally {
    clearTimeout(deadline);
    meter.signal.removeEventListener("abort", onUnaffordable);
    // Before the end can be seen: whoever sees it may begin the next run.
    left = await meter.settle(usage);
  }

  const outcome: RunOutcome = {
    status: ending.status,
    content: pieces.join(""),
    tools: [...tools.values()],
    usage,
    model: agent.model,
    at: seconds(),
  };
  // The headers of a stream were written long before this was known.
  const fields = { ...ending.fields, ...(left.length > 0 && { quota: left }) };
  await store.settle(live.run, outcome, event(ending.event, fields));
}

const toolEvents = {
  "tool-started": "ToolCallStarted",
  "tool-completed": "ToolCallCompleted",
  "tool-failed": "ToolCallError",
} as const;

/** What cannot be counted could neither be charged nor stored in the end, and the run would never end. */
function countable(usage: TokenUsage): TokenUsage {
  if (isTokenCount(usage.inputTokens) && isTokenCount(usage.outputTokens)) return usage;
  const { inputTokens, outputTokens } = usage;
  throw new Error(`The agent reports ${inputTokens} input and ${outputTokens} output tokens`);
}

function tookTooLong(): AgentFailure {
  return new AgentFailure("run_timeout", "The run took too long and was stopped");
}

/** What the meter says is written for the caller. */
function unaffordable(reason: Error): AgentFailure {
  return new AgentFailure("quota_exhausted", reason.message, { cause: reason });
}

function endingOf(error: unknown, onError: Conducting["onError"]): Ending {
  if (error instanceof RunStopped) {
    return { status: "CANCELLED", event: "RunCancelled", fields: { reason: error.message } };
  }
  const errorId = randomUUID();
  onError(error, errorId);
  const [type, content] = publicFailure(error, errorId);
  const fields = { content, error_type: type, error_id: errorId };
  return { status: "ERROR", event: "RunError", fields };
}

/** What of a failure the caller may read: the message of any other error than ours may hold internals. */
function publicFailure(error: unknown, errorId: string): [type: string, message: string] {
  if (error instanceof AgentFailure) return [error.type, error.message];
  return ["agent_error", `The agent failed; the server's log has the cause under ${errorId}`];
}
