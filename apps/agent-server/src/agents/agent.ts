/** A file that came with a message. */
export interface InputFile {
  readonly name: string;
  readonly mediaType: string;
  readonly bytes: Uint8Array;
}

/** One earlier message of the session, oldest first in a history. */
export interface HistoryMessage {
  readonly role: "user" | "assistant";
  readonly content: string;
}

/** Everything an agent gets to see of one run. */
export interface AgentInput {
  readonly message: string;
  readonly files: readonly InputFile[];
  readonly history: readonly HistoryMessage[];
  /** What the caller keeps across the runs of a session. */
  readonly sessionState: Readonly<Record<string, unknown>>;
  /** What the caller supplies for this run alone. */
  readonly dependencies: Readonly<Record<string, unknown>>;
}

/** Tokens used so far by a run. */
export interface TokenUsage {
  readonly inputTokens: number;
  readonly outputTokens: number;
}

/** One call of a tool; `result` is there once it has ended. */
export interface ToolCall {
  readonly id: string;
  readonly name: string;
  readonly args: Readonly<Record<string, unknown>>;
  readonly result?: string;
}

/** What a run consists of while it goes on. */
export type AgentEvent =
  | { readonly type: "content"; readonly text: string }
  | { readonly type: "tool-started"; readonly call: ToolCall }
  | { readonly type: "tool-completed"; readonly call: ToolCall }
  | { readonly type: "tool-failed"; readonly call: ToolCall }
  /** Totals, not increments: the last one wins, so a run that is stopped has a figure too. */
  | { readonly type: "usage"; readonly usage: TokenUsage };

/**
 * Answers messages.
 *
 * The iterator's end is the end of a successful run; what it throws ends the run as failed. Once `signal` aborts, the
 * caller has stopped listening: an agent ends its own outbound work then.
 */
export interface Agent {
  readonly id: string;
  readonly name: string;
  readonly description: string;
  readonly model: { readonly id: string; readonly name: string; readonly provider: string };
  /** Questions a user interface may offer. */
  readonly quickPrompts: readonly string[];
  run(input: AgentInput, signal: AbortSignal): AsyncIterable<AgentEvent>;
}

/** A failure whose message is written for the caller; any other error's message stays in the log. */
export class AgentFailure extends Error {
  override readonly name = "AgentFailure";
  /** Machine-readable kind, sent as `error_type`. */
  readonly type: string;

  constructor(type: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.type = type;
  }
}
