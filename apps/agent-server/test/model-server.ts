import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { createRecorder, type Recorder } from "@enfilade/testing";
import { onTestFinished } from "vitest";

/** One request to the model, as the server got it. */
interface ModelRequest {
  readonly authorization: string | undefined;
  readonly path: string | undefined;
  readonly body: {
    readonly model: string;
    readonly tool_choice: string;
    readonly messages: readonly {
      readonly role: string;
      readonly content: string | null;
      readonly tool_call_id?: string;
    }[];
  };
}

/** What the model does with one request: chunks to stream, or a status to refuse with. */
export type ModelReply =
  | { readonly chunks: readonly object[]; readonly ending?: "held" | "broken off" }
  | { readonly status: number };

/** An OpenAI-compatible server that answers as a test says. */
export interface ModelServer {
  readonly baseUrl: string;
  readonly requests: Recorder<ModelRequest>;
  /** Records each connection that the client closed before its answer was over. */
  readonly aborted: Recorder<string>;
}

/** Starts a server that gives its replies one after the other, the last one again and again. */
export async function startModelServer(replies: readonly ModelReply[]): Promise<ModelServer> {
  const requests = createRecorder<ModelRequest>();
  const aborted = createRecorder<string>();
  const server = createServer(async (request, response) => {
    let text = "";
    for await (const chunk of request) text += chunk;
    const { authorization } = request.headers;
    requests.record({ authorization, path: request.url, body: JSON.parse(text) });
    response.on("close", () => {
      if (!response.writableFinished) aborted.record("aborted");
    });
    const reply = replies[Math.min(requests.items.length, replies.length) - 1] ?? { status: 500 };
    if ("status" in reply) {
      response.writeHead(reply.status, { "content-type": "application/json" });
      response.end(JSON.stringify({ error: { message: "key sk-secret is wrong", type: "x" } }));
      return;
    }
    response.writeHead(200, { "content-type": "text/event-stream" });
    const frames = reply.chunks.map((chunk) => `data: ${JSON.stringify(chunk)}\n\n`).join("");
    if (reply.ending === "held") response.write(frames);
    else if (reply.ending === "broken off") response.write(frames, () => response.destroy());
    else response.end(`${frames}data: [DONE]\n\n`);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  return { baseUrl: `http://127.0.0.1:${port}/v1`, requests, aborted };
}

/** A chunk of an answer in words. */
export function words(content: string): object {
  return chunk({ choices: [{ index: 0, delta: { content }, finish_reason: null }] });
}

/** A piece of a tool call. */
export function toolCall(index: number, piece: object): object {
  const delta = { tool_calls: [{ index, ...piece }] };
  return chunk({ choices: [{ index: 0, delta, finish_reason: null }] });
}

/** The chunk that ends an answer with its real usage. */
export function usage(promptTokens: number, completionTokens: number): object {
  return chunk({
    choices: [],
    usage: {
      prompt_tokens: promptTokens,
      completion_tokens: completionTokens,
      total_tokens: promptTokens + completionTokens,
    },
  });
}

function chunk(fields: object): object {
  return { id: "c1", object: "chat.completion.chunk", created: 1, model: "m", ...fields };
}
