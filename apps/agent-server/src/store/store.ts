import type { TokenUsage } from "../agents/agent.ts";

export type JsonObject = Readonly<Record<string, unknown>>;

/** Where a run stands; all but `RUNNING` are settled. */
export type RunStatus = "RUNNING" | "COMPLETED" | "CANCELLED" | "ERROR";

/** A conversation. Times are Unix seconds, as on the wire. */
export interface Session {
  readonly id: string;
  readonly agentId: string;
  readonly userId: string | undefined;
  readonly name: string;
  readonly state: JsonObject;
  readonly metadata: JsonObject;
  readonly createdAt: number;
  readonly updatedAt: number;
}

/** A tool call as clients see it, in events and in stored runs. */
export interface ToolRecord {
  readonly tool_call_id: string;
  readonly tool_name: string;
  readonly tool_args: JsonObject;
  readonly tool_call_error: boolean;
  readonly result?: string;
  readonly created_at: number;
}

/** One message to an agent and what came of it. */
export interface Run {
  readonly id: string;
  readonly sessionId: string;
  readonly agentId: string;
  readonly userId: string | undefined;
  readonly message: string;
  readonly files: readonly { name: string; mediaType: string; size: number }[];
  readonly dependencies: JsonObject;
  readonly metadata: JsonObject;
  readonly status: RunStatus;
  readonly content: string;
  readonly tools: readonly ToolRecord[];
  readonly usage: TokenUsage;
  readonly createdAt: number;
}

/** What a run is begun with. */
export type NewRun = Omit<Run, "status" | "content" | "tools" | "usage"> & {
  /** Merged into the session's state. */
  readonly sessionState: JsonObject;
};

/** One event of a run, its JSON as it goes to clients; indexes count from 0 without gaps. */
export interface RunEvent {
  readonly index: number;
  readonly name: string;
  readonly data: string;
}

/** How a run ended. */
export interface RunOutcome {
  readonly status: Exclude<RunStatus, "RUNNING">;
  readonly content: string;
  readonly tools: readonly ToolRecord[];
  readonly usage: TokenUsage;
  readonly model: { readonly id: string; readonly provider: string };
  /** Unix seconds. */
  readonly at: number;
}

/** Narrows what is read to one user's own; `undefined` is a caller who may see everything. */
export type Owner = string | undefined;

interface SessionQuery {
  readonly owner: Owner;
  readonly agentId: string | undefined;
  /** Only this session, where the caller may see no other. */
  readonly id: string | undefined;
  /** A part of the name, whatever its case. */
  readonly name: string | undefined;
  readonly limit: number;
  readonly offset: number;
}

export interface SessionChanges {
  readonly name?: string;
  readonly state?: JsonObject;
  readonly metadata?: JsonObject;
}

/** Keeps sessions. One that a run has opened can be seen once the first run in it has settled. */
export interface SessionStore {
  list(query: SessionQuery): Promise<{ sessions: Session[]; total: number }>;
  get(id: string, owner: Owner): Promise<Session | undefined>;
  /** Returns false when the id is taken. */
  create(session: Session): Promise<boolean>;
  /** Returns the session as it is now, or nothing where there is none. */
  update(
    id: string,
    owner: Owner,
    changes: SessionChanges,
    at: number,
  ): Promise<Session | undefined>;
  /** Deletes the session, its runs and their events. */
  delete(id: string): Promise<void>;
}

/** Keeps runs and their events. */
export interface RunStore {
  /** Opens the session where there is none; returns nothing when it belongs to somebody else. */
  begin(run: NewRun): Promise<Session | undefined>;
  append(runId: string, event: RunEvent): Promise<void>;
  /** Stores the end and its event together, so that nobody can see the one without the other. */
  settle(run: Run, outcome: RunOutcome, event: RunEvent): Promise<void>;
  /** Makes a cancelled or failed run a running one again; returns the index of its next event, or nothing. */
  reopen(runId: string): Promise<number | undefined>;
  get(runId: string, owner: Owner): Promise<Run | undefined>;
  /** Lists the settled runs of a session, oldest first; with a limit, the latest of them. */
  settledIn(sessionId: string, owner: Owner, limit?: number): Promise<Run[]>;
  eventsAfter(runId: string, index: number, limit: number): Promise<RunEvent[]>;
  /** Lists the runs that are marked as running: at a start, those that a crash has cut off. */
  running(): Promise<Run[]>;
}

/** One day (UTC) of one model's use. */
export interface DailyUsage {
  readonly day: string;
  readonly model: string;
  readonly provider: string;
  readonly runs: number;
  readonly inputTokens: number;
  readonly outputTokens: number;
}

export interface DayTotals {
  readonly day: string;
  readonly sessions: number;
  readonly users: number;
}

/** Reads what was used; the figures outlive the sessions that caused them. */
export interface UsageStore {
  /** Days are `YYYY-MM-DD`, both ends included. */
  daily(query: {
    readonly owner: Owner;
    /** Only this session, where the caller may see no other. */
    readonly session: string | undefined;
    readonly from: string | undefined;
    readonly to: string | undefined;
  }): Promise<{ models: DailyUsage[]; totals: DayTotals[] }>;
}

/** Keeps what the server must not forget. */
export interface Store {
  /** Names this store to clients (`db_id`); never empty. */
  readonly id: string;
  readonly sessions: SessionStore;
  readonly runs: RunStore;
  readonly usage: UsageStore;
  close(): Promise<void>;
}
