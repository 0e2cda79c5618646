import type { Agent, AgentEvent, AgentInput } from "./agent.ts";
import { speak } from "./speak.ts";
import { countTokens } from "./tokens.ts";

/**
 * Makes the agent that says back what it hears: the whole protocol, with nothing behind it.
 *
 * @param options.wordDelayMs - the pause before each word.
 */
export function createEchoAgent(options: { readonly wordDelayMs: number }): Agent {
  return {
    id: "echo",
    name: "Echo",
    description: "Says back what it hears, word by word. Needs no network.",
    model: { id: "echo-1", name: "Echo", provider: "enfilade" },
    quickPrompts: ["Hello there!", "One two three four five"],
    async *run(input: AgentInput, signal: AbortSignal): AsyncGenerator<AgentEvent> {
      const inputTokens = countTokens(input.message);
      yield { type: "usage", usage: { inputTokens, outputTokens: 0 } };
      yield* speak(replyTo(input), { inputTokens, wordDelayMs: options.wordDelayMs, signal });
    },
  };
}

function replyTo({ message, files }: AgentInput): string {
  if (files.length === 0) return message;
  const list = files.map(
    (file) => `- ${file.name} (${file.mediaType}, ${file.bytes.length} bytes)`,
  );
  return `${message}\n\nFiles received:\n${list.join("\n")}`;
}
