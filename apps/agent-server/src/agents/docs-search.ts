import type { Passage } from "../search/passage-index.ts";

/** Names the documentation search, the same tool for the agents that call it by rule and by choice. */
export const searchToolName = "search_docs";

/** Writes passages the way a tool result shows them: each under its source. */
export function formatPassages(passages: readonly Passage[]): string {
  if (passages.length === 0) return "No passage matches.";
  return passages
    .map(({ path, headings, text }) => `[${path} › ${headings.join(" › ")}]\n${text}`)
    .join("\n\n");
}
