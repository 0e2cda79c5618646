import type { ChatCompletionMessageParam } from "openai/resources/chat/completions";
import type { AgentInput, InputFile } from "./agent.ts";

const instructions =
  "You answer questions about Enfilade, Fastify plugins for agent servers. Search its documentation before you " +
  "answer, quote what you rely on with its source, and say so when the documentation does not tell.";

/** The most characters of one file that a model is sent. */
const maxFileCharacters = 50_000;

/** Writes what a model is sent first: instructions, context, the session so far, the message. */
export function openingMessages(input: AgentInput): ChatCompletionMessageParam[] {
  const context = { ...input.sessionState, ...input.dependencies };
  const known =
    Object.keys(context).length > 0
      ? `\n\nThe application says about this conversation: ${JSON.stringify(context)}`
      : "";
  return [
    { role: "system", content: instructions + known },
    ...input.history,
    { role: "user", content: [input.message, ...input.files.map(fileText)].join("\n\n") },
  ];
}

/** A model reads text; of any other file it learns the name. */
function fileText({ name, mediaType, bytes }: InputFile): string {
  const isText = mediaType.startsWith("text/") || mediaType === "application/json";
  if (!isText) return `[File ${name}: ${mediaType}, ${bytes.length} bytes]`;
  const text = new TextDecoder().decode(bytes).slice(0, maxFileCharacters);
  return `[File ${name}]\n${text}`;
}
