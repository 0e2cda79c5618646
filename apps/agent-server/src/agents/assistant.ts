import OpenAI from "openai";
import type { ChatCompletionMessageParam } from "openai/resources/chat/completions";
import type { PassageIndex } from "../search/passage-index.ts";
import type { Agent, AgentEvent, AgentInput } from "./agent.ts";
import { type AssistantTool, runTool, searchDocsTool } from "./assistant-tools.ts";
import { type ModelStep, streamStep } from "./model-step.ts";
import { openingMessages } from "./prompt.ts";
import { providerFailure } from "./provider-failure.ts";

/** How many times the model may answer with tool calls before it has to answer in words. */
const maxToolSteps = 5;

/**
 * Makes the agent that answers with a model behind an OpenAI-compatible API, and may search the documentation.
 *
 * What the model is sent: the message, text files that came with it, the session's earlier runs, and the passages that
 * its searches find.
 */
export function createAssistantAgent(options: {
  readonly apiKey: string;
  readonly baseUrl?: string;
  readonly model: string;
  readonly index: PassageIndex;
}): Agent {
  const client = new OpenAI({
    apiKey: options.apiKey,
    // Explicit: else the SDK reads its own environment variables.
    baseURL: options.baseUrl ?? "https://api.openai.com/v1",
    organization: null,
    project: null,
    timeout: 60_000,
  });
  const tools = [searchDocsTool(options.index)];

  return {
    id: "assistant",
    name: "Assistant",
    description: "A model that may search this project's documentation.",
    model: { id: options.model, name: options.model, provider: "openai" },
    quickPrompts: ["How do quotas, leases and rate limits differ here?"],
    async *run(input: AgentInput, signal: AbortSignal): AsyncGenerator<AgentEvent> {
      try {
        yield* converse(client, { model: options.model, tools, input, signal });
      } catch (error) {
        throw providerFailure(error);
      }
    },
  };
}

async function* converse(
  client: OpenAI,
  options: {
    readonly model: string;
    readonly tools: readonly AssistantTool[];
    readonly input: AgentInput;
    readonly signal: AbortSignal;
  },
): AsyncGenerator<AgentEvent> {
  const { model, tools, input, signal } = options;
  const messages: ChatCompletionMessageParam[] = openingMessages(input);
  let used = { inputTokens: 0, outputTokens: 0 };

  for (let step = 0; ; step += 1) {
    const mayCallTools = step < maxToolSteps;
    const outcome: ModelStep = yield* streamStep(client, {
      model,
      messages,
      tools,
      mayCallTools,
      used,
      signal,
    });
    used = outcome.used;
    if (outcome.toolCalls.length === 0 || !mayCallTools) return;

    messages.push({
      role: "assistant",
      content: outcome.content,
      tool_calls: outcome.toolCalls.map(({ id, name, argumentText }) => ({
        id,
        type: "function",
        function: { name, arguments: argumentText },
      })),
    });
    for (const requested of outcome.toolCalls) {
      const result: string = yield* runTool(tools, requested);
      messages.push({ role: "tool", tool_call_id: requested.id, content: result });
    }
  }
}
