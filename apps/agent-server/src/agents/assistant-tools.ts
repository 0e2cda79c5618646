import type { ChatCompletionFunctionTool } from "openai/resources/chat/completions";
import { z } from "zod";
import type { PassageIndex } from "../search/passage-index.ts";
import type { AgentEvent, ToolCall } from "./agent.ts";
import { formatPassages, searchToolName } from "./docs-search.ts";

/** A tool that a model may call. */
export interface AssistantTool {
  readonly definition: ChatCompletionFunctionTool;
  /** Throws a `ToolMisuse` when the arguments are wrong; anything else that it throws fails the run. */
  readonly call: (args: unknown) => string;
}

/** A mistake of the model's, in words for it: it may try again, and clients see them. */
class ToolMisuse extends Error {
  override readonly name = "ToolMisuse";
}

/** A call as the model wrote it: its arguments may be no JSON at all. */
export interface RequestedCall {
  readonly id: string;
  readonly name: string;
  readonly argumentText: string;
}

const passagesPerSearch = 5;
const searchArguments = z.object({
  query: z.string().min(1).describe("What to look for, in a few words"),
});

/** Makes the tool that searches this project's documentation. */
export function searchDocsTool(index: PassageIndex): AssistantTool {
  return {
    definition: {
      type: "function",
      function: {
        name: searchToolName,
        description: "Searches the documentation of Enfilade, the project that serves this chat.",
        parameters: z.toJSONSchema(searchArguments),
      },
    },
    call(args) {
      const parsed = searchArguments.safeParse(args);
      if (!parsed.success) throw new ToolMisuse("The arguments need a text called query");
      return formatPassages(index.search(parsed.data.query, passagesPerSearch));
    },
  };
}

/** Runs one requested call and tells about it; one that is wrong is answered to the model, which may try again. */
export async function* runTool(
  tools: readonly AssistantTool[],
  requested: RequestedCall,
): AsyncGenerator<AgentEvent, string> {
  const { id, name } = requested;
  const args = parseArguments(requested.argumentText);
  const call: ToolCall = { id, name, args: args ?? {} };
  yield { type: "tool-started", call };
  try {
    const tool = tools.find(({ definition }) => definition.function.name === name);
    if (!tool) throw new ToolMisuse(`There is no tool called ${name}`);
    if (!args) throw new ToolMisuse("The arguments are not a JSON object");
    const result = tool.call(args);
    yield { type: "tool-completed", call: { ...call, result } };
    return result;
  } catch (error) {
    if (!(error instanceof ToolMisuse)) throw error;
    const result = `Error: ${error.message}`;
    yield { type: "tool-failed", call: { ...call, result } };
    return result;
  }
}

function parseArguments(text: string): Record<string, unknown> | undefined {
  try {
    return z.record(z.string(), z.unknown()).parse(JSON.parse(text || "{}"));
  } catch {
    return undefined;
  }
}
