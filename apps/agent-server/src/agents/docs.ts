import type { Passage, PassageIndex } from "../search/passage-index.ts";
import type { Agent, AgentEvent, AgentInput } from "./agent.ts";
import { formatPassages, searchToolName } from "./docs-search.ts";
import { speak } from "./speak.ts";
import { countTokens } from "./tokens.ts";

const passagesPerAnswer = 3;

/**
 * Makes the agent that answers questions about this project by quoting its documentation.
 *
 * The same question over the same documents gives the same answer: there is no model behind it.
 *
 * @param options.wordDelayMs - the pause before each word.
 */
export function createDocsAgent(options: {
  readonly index: PassageIndex;
  readonly wordDelayMs: number;
}): Agent {
  return {
    id: "docs",
    name: "Docs",
    description:
      "Answers questions about this project from its READMEs and docs. Needs no network.",
    model: { id: "fts5-bm25", name: "Full-text retrieval", provider: "enfilade" },
    quickPrompts: [
      "How do I rate limit by API key?",
      "In which order do the layers run?",
      "What happens when a client disconnects?",
    ],
    async *run(input: AgentInput, signal: AbortSignal): AsyncGenerator<AgentEvent> {
      const call = { id: "call_1", name: searchToolName, args: { query: input.message } };
      yield { type: "tool-started", call };
      const passages = options.index.search(input.message, passagesPerAnswer);
      const result = formatPassages(passages);
      yield { type: "tool-completed", call: { ...call, result } };

      // What was read is input, as it would be for a model.
      const inputTokens = countTokens(input.message) + countTokens(result);
      yield { type: "usage", usage: { inputTokens, outputTokens: 0 } };
      yield* speak(answer(passages, options.index), {
        inputTokens,
        wordDelayMs: options.wordDelayMs,
        signal,
      });
    },
  };
}

function answer(passages: readonly Passage[], index: PassageIndex): string {
  if (passages.length > 0) return passages.map(quote).join("\n\n");
  const titles = index.titles();
  if (titles.length === 0) return "There are no documents here to search.";
  const list = titles.slice(0, 12).map((title) => `- ${title}`);
  return `The documentation says nothing about that. It covers:\n\n${list.join("\n")}`;
}

function quote({ path, headings, text }: Passage): string {
  const quoted = text.split("\n").map((line) => (line === "" ? ">" : `> ${line}`));
  return `**${headings.join(" › ")}** (${path})\n\n${quoted.join("\n")}`;
}
