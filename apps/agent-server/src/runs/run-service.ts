import { randomUUID } from "node:crypto";
import type { Agent, AgentInput, HistoryMessage, InputFile } from "../agents/agent.ts";
import type { JsonObject, NewRun, Owner, Run, RunEvent, Session, Store } from "../store/store.ts";
import { conduct } from "./conduct.ts";
import { follow } from "./follow.ts";
import { LiveRun } from "./live-run.ts";
import type { RunMeter } from "./meter.ts";

/** How many earlier runs of its session an agent gets to see. */
const historyRuns = 20;

/** What a caller asks for with a message. */
export interface RunRequest {
  readonly message: string;
  readonly files: readonly InputFile[];
  /** Absent: a new session. */
  readonly sessionId: string | undefined;
  readonly userId: string | undefined;
  readonly sessionState: JsonObject;
  readonly dependencies: JsonObject;
  readonly metadata: JsonObject;
  /** A run in the background goes on without a reader. */
  readonly background: boolean;
}

/** A run that is going on, and its events for the reader who started it. */
export interface StartedRun {
  readonly run: Run;
  readonly events: AsyncIterable<RunEvent>;
}

export interface RunServiceOptions {
  readonly store: Store;
  readonly now: () => number;
  readonly timeoutMs: number;
  readonly onError: (error: unknown, errorId: string) => void;
}

/** Starts, stops and follows runs; the one who knows which of them are going on in this process. */
export class RunService {
  readonly #options: RunServiceOptions;
  readonly #live = new Map<string, { live: LiveRun; done: Promise<void> }>();
  #closing: string | undefined;

  constructor(options: RunServiceOptions) {
    this.#options = options;
  }

  /**
   * Starts a run.
   *
   * @param reader - aborts when the reader leaves; unless it is a background run, that stops it.
   * @param meter - counts what it uses, and is settled when it ends.
   * @returns nothing when the session belongs to somebody else.
   */
  async start(
    agent: Agent,
    request: RunRequest,
    reader: AbortSignal,
    meter: RunMeter,
  ): Promise<StartedRun | undefined> {
    const { store } = this.#options;
    const fresh = newRun(agent, request, this.#seconds());
    const session = await store.runs.begin(fresh);
    if (!session) return undefined;
    const run = begun(fresh);
    const input = await this.#input(run, session, request.files);
    const live = new LiveRun(run, { detached: request.background });
    return this.#conduct(live, { agent, input, opening: "RunStarted", reader, meter });
  }

  /**
   * Runs a cancelled or failed run again, under the same id and after its old events.
   *
   * @returns nothing when the run is going on, has completed, or came with files (which are not kept).
   */
  async continue(
    agent: Agent,
    run: Run,
    options: {
      readonly background: boolean;
      readonly dependencies: JsonObject;
      /** Laid over the session's state. */
      readonly sessionState: JsonObject;
      readonly reader: AbortSignal;
      readonly meter: RunMeter;
    },
  ): Promise<StartedRun | undefined> {
    const { store } = this.#options;
    if (run.files.length > 0) return undefined;
    const session = await store.sessions.get(run.sessionId, run.userId);
    if (!session) return undefined;
    const { dependencies, sessionState, reader, meter } = options;
    const state = { ...session.state, ...sessionState };
    const input = await this.#input({ ...run, dependencies }, { ...session, state }, []);
    const live = new LiveRun(run, { detached: options.background });
    const next = await store.runs.reopen(run.id);
    if (next === undefined) return undefined;
    live.nextIndex = next;
    return this.#conduct(live, { agent, input, opening: "RunContinued", reader, meter });
  }

  /** Returns the events of a run after one of them: those stored, then those to come. */
  resume(runId: string, after: number, reader: AbortSignal): AsyncIterable<RunEvent> {
    const live = this.#live.get(runId)?.live;
    return follow({ store: this.#options.store.runs, runId, after, live, signal: reader });
  }

  /** Stops a run; one that is not going on stays as it is. Resolves once the end is stored. */
  async cancel(runId: string, reason: string): Promise<void> {
    const entry = this.#live.get(runId);
    entry?.live.stop(reason);
    await entry?.done;
  }

  /** Stops every run, also those that begin from now on. Resolves once the ends of all that go on are stored. */
  async close(reason: string): Promise<void> {
    this.#closing = reason;
    await Promise.all([...this.#live.keys()].map((runId) => this.cancel(runId, reason)));
  }

  /** Stops the runs of a session and deletes it with all that it holds. */
  async deleteSession(sessionId: string): Promise<void> {
    const running = [...this.#live.values()].filter(({ live }) => live.run.sessionId === sessionId);
    const reason = "The session was deleted";
    await Promise.all(running.map(({ live }) => this.cancel(live.run.id, reason)));
    await this.#options.store.sessions.delete(sessionId);
  }

  #conduct(
    live: LiveRun,
    options: {
      readonly agent: Agent;
      readonly input: AgentInput;
      readonly opening: "RunStarted" | "RunContinued";
      readonly reader: AbortSignal;
      readonly meter: RunMeter;
    },
  ): StartedRun {
    const { store, now, timeoutMs, onError } = this.#options;
    const { run } = live;
    // Before the agent begins: a run that nobody follows would stop at once.
    const after = live.nextIndex - 1;
    const events = follow({
      store: store.runs,
      runId: run.id,
      after,
      live,
      signal: options.reader,
    });
    // A request may still have been arriving when the server began to close.
    if (this.#closing !== undefined) live.stop(this.#closing);
    const done = conduct(live, { ...options, store: store.runs, now, timeoutMs, onError })
      // Only a store that fails gets here; the followers see a stream that breaks off.
      .catch((error: unknown) => onError(error, run.id))
      .finally(() => {
        // Whoever has seen the end may have continued the run by now.
        if (this.#live.get(run.id)?.live === live) this.#live.delete(run.id);
        live.settle();
      });
    this.#live.set(run.id, { live, done });
    return { run, events };
  }

  async #input(run: Run, session: Session, files: readonly InputFile[]): Promise<AgentInput> {
    return {
      message: run.message,
      files,
      history: await this.#history(run.sessionId, run.userId),
      sessionState: session.state,
      dependencies: run.dependencies,
    };
  }

  async #history(sessionId: string, owner: Owner): Promise<HistoryMessage[]> {
    const runs = await this.#options.store.runs.settledIn(sessionId, owner, historyRuns);
    return runs
      .filter(({ status }) => status === "COMPLETED")
      .flatMap(({ message, content }): HistoryMessage[] => [
        { role: "user", content: message },
        { role: "assistant", content },
      ]);
  }

  #seconds(): number {
    return Math.floor(this.#options.now() / 1000);
  }
}

function newRun(agent: Agent, request: RunRequest, createdAt: number): NewRun {
  const { message, userId, sessionState, dependencies, metadata } = request;
  return {
    id: randomUUID(),
    sessionId: request.sessionId ?? randomUUID(),
    agentId: agent.id,
    userId,
    message,
    files: request.files.map(({ name, mediaType, bytes }) => ({
      name,
      mediaType,
      size: bytes.length,
    })),
    dependencies,
    metadata,
    sessionState,
    createdAt,
  };
}

function begun({ sessionState: _, ...run }: NewRun): Run {
  const usage = { inputTokens: 0, outputTokens: 0 };
  return { ...run, status: "RUNNING", content: "", tools: [], usage };
}
