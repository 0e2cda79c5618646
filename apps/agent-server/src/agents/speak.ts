import { setImmediate, setTimeout } from "node:timers/promises";
import type { AgentEvent } from "./agent.ts";
import { countTokens } from "./tokens.ts";

/**
 * Streams a text word by word, each with the white space behind it, after the tokens used so far.
 *
 * Every word lets the event loop turn, also without a delay: a loop of nothing but microtasks would never see that the
 * client has gone.
 */
export async function* speak(
  text: string,
  options: {
    readonly inputTokens: number;
    readonly wordDelayMs: number;
    readonly signal: AbortSignal;
  },
): AsyncGenerator<AgentEvent> {
  const { inputTokens, wordDelayMs, signal } = options;
  let outputTokens = 0;
  for (const [word] of text.matchAll(/\s*\S+\s*/gu)) {
    if (wordDelayMs > 0) await setTimeout(wordDelayMs, undefined, { signal });
    else await setImmediate(undefined, { signal });
    outputTokens += countTokens(word);
    yield { type: "usage", usage: { inputTokens, outputTokens } };
    yield { type: "content", text: word };
  }
}
