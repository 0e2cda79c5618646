import type OpenAI from "openai";
import type {
  ChatCompletionChunk,
  ChatCompletionMessageParam,
} from "openai/resources/chat/completions";
import type { AgentEvent, TokenUsage } from "./agent.ts";
import type { AssistantTool, RequestedCall } from "./assistant-tools.ts";
import { countTokens, isTokenCount } from "./tokens.ts";

/** What came of one request to the model. */
export interface ModelStep {
  readonly content: string;
  readonly toolCalls: readonly RequestedCall[];
  /** Totals of the run, this step included. */
  readonly used: TokenUsage;
}

/**
 * Asks the model once, and streams what it says.
 *
 * Usage is the provider's own figure, which comes last; up to then, and for a stream that breaks off, it is an estimate
 * by the rule of `countTokens`.
 */
export async function* streamStep(
  client: OpenAI,
  options: {
    readonly model: string;
    readonly messages: readonly ChatCompletionMessageParam[];
    readonly tools: readonly AssistantTool[];
    readonly mayCallTools: boolean;
    readonly used: TokenUsage;
    readonly signal: AbortSignal;
  },
): AsyncGenerator<AgentEvent, ModelStep> {
  const { model, messages, tools, mayCallTools, used, signal } = options;
  let inputTokens = used.inputTokens + countTokens(JSON.stringify(messages));
  let outputTokens = used.outputTokens;
  let content = "";
  const calls = new Map<number, RequestedCall>();
  yield { type: "usage", usage: { inputTokens, outputTokens } };

  const stream = await client.chat.completions.create(
    {
      model,
      messages: [...messages],
      tools: tools.map((tool) => tool.definition),
      tool_choice: mayCallTools ? "auto" : "none",
      stream: true,
      stream_options: { include_usage: true },
    },
    { signal },
  );
  for await (const chunk of stream) {
    const delta = chunk.choices[0]?.delta;
    for (const part of delta?.tool_calls ?? []) collect(calls, part);
    if (delta?.content) {
      content += delta.content;
      outputTokens += countTokens(delta.content);
      yield { type: "usage", usage: { inputTokens, outputTokens } };
      yield { type: "content", text: delta.content };
    }
    // Not every server that is compatible counts both.
    const { prompt_tokens: read, completion_tokens: written } = chunk.usage ?? {};
    if (isTokenCount(read) || isTokenCount(written)) {
      if (isTokenCount(read)) inputTokens = used.inputTokens + read;
      if (isTokenCount(written)) outputTokens = used.outputTokens + written;
      yield { type: "usage", usage: { inputTokens, outputTokens } };
    }
  }
  // The SDK ends its iteration quietly on an abort.
  signal.throwIfAborted();
  return { content, toolCalls: [...calls.values()], used: { inputTokens, outputTokens } };
}

type ToolCallPart = NonNullable<ChatCompletionChunk.Choice.Delta["tool_calls"]>[number];

/** Tool calls arrive in pieces: the name first, then the arguments bit by bit. */
function collect(calls: Map<number, RequestedCall>, part: ToolCallPart): void {
  const known = calls.get(part.index);
  calls.set(part.index, {
    id: known?.id || part.id || `call_${part.index}`,
    name: known?.name || part.function?.name || "",
    argumentText: (known?.argumentText ?? "") + (part.function?.arguments ?? ""),
  });
}
