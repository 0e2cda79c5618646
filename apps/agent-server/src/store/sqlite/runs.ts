import type Database from "libsql";
import type { NewRun, RunStore, Session } from "../store.ts";
import {
  type EventRow,
  type RunRow,
  type SessionRow,
  toRun,
  toRunEvent,
  toSession,
} from "./rows.ts";

const maxNameLength = 80;

/** Keeps runs and their events in SQLite. */
export function createRunStore(database: Database.Database): RunStore {
  const sql = statements(database);

  const openSession = (run: NewRun): Session | undefined => {
    const time = run.createdAt;
    const name = sessionName(run.message);
    sql.openSession.run(run.sessionId, run.agentId, run.userId ?? null, name, time, time);
    const session = toSession(sql.session.get(run.sessionId) as SessionRow);
    // Without a user the caller may see everything; with one, only what is the user's own.
    if (run.userId !== undefined && session.userId !== run.userId) return undefined;
    const state = { ...session.state, ...run.sessionState };
    sql.touchSession.run(session.name || name, JSON.stringify(state), time, session.id);
    return { ...session, state };
  };

  return {
    begin: async (run) =>
      database.transaction(() => {
        const session = openSession(run);
        if (session) sql.insert.run(...insertValues(run));
        return session;
      })(),
    append: async (runId, { index, name, data }) => {
      sql.append.run(runId, index, name, data);
    },
    settle: async (run, outcome, event) => {
      const { status, content, tools, usage, model, at } = outcome;
      const tokens = [usage.inputTokens, usage.outputTokens];
      database.transaction(() => {
        sql.append.run(run.id, event.index, event.name, event.data);
        sql.settle.run(status, content, JSON.stringify(tools), ...tokens, run.id);
        sql.showSession.run(at, run.sessionId);
        const user = run.userId ?? null;
        const day = new Date(at * 1000).toISOString().slice(0, 10);
        const ids = [run.id, run.sessionId, run.agentId, user];
        sql.charge.run(day, ...ids, model.id, model.provider, ...tokens);
      })();
    },
    reopen: async (runId) =>
      database.transaction(() => {
        if (sql.reopen.run(runId).changes === 0) return undefined;
        return (sql.nextIndex.get(runId) as { next: number }).next;
      })(),
    get: async (runId, owner) => {
      const row = sql.get.get(owner ?? null, runId) as RunRow | undefined;
      return row && toRun(row);
    },
    settledIn: async (sessionId, owner, limit = -1) => {
      const rows = sql.latest.all(owner ?? null, sessionId, limit) as RunRow[];
      return rows.map(toRun).reverse();
    },
    eventsAfter: async (runId, index, limit) =>
      (sql.eventsAfter.all(runId, index, limit) as EventRow[]).map(toRunEvent),
    running: async () => (sql.running.all() as RunRow[]).map(toRun),
  };
}

/** What was asked, on one line and cut to a length that fits a list. */
function sessionName(message: string): string {
  const line = message.replace(/\s+/gu, " ").trim();
  return line.length <= maxNameLength ? line : `${line.slice(0, maxNameLength - 1).trimEnd()}…`;
}

function insertValues(run: NewRun): (string | number | null)[] {
  const json = [run.files, run.dependencies, run.metadata].map((value) => JSON.stringify(value));
  const ids = [run.id, run.sessionId, run.agentId, run.userId ?? null];
  return [...ids, run.message, ...json, run.createdAt];
}

function statements(database: Database.Database) {
  const owned = "(?1 IS NULL OR user_id = ?1)";
  const prepare = (source: string) => database.prepare(source);
  return {
    session: prepare("SELECT * FROM sessions WHERE id = ?"),
    openSession: prepare(
      `INSERT INTO sessions (id, agent_id, user_id, name, state, metadata, visible, created_at, updated_at)
       VALUES (?, ?, ?, ?, '{}', '{}', 0, ?, ?) ON CONFLICT DO NOTHING`,
    ),
    touchSession: prepare("UPDATE sessions SET name = ?, state = ?, updated_at = ? WHERE id = ?"),
    showSession: prepare("UPDATE sessions SET visible = 1, updated_at = ? WHERE id = ?"),
    insert: prepare(
      `INSERT INTO runs (id, session_id, agent_id, user_id, message, files, dependencies, metadata,
         created_at, status, content, tools, input_tokens, output_tokens)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 'RUNNING', '', '[]', 0, 0)`,
    ),
    settle: prepare(
      `UPDATE runs SET status = ?, content = ?, tools = ?, input_tokens = ?, output_tokens = ?
        WHERE id = ?`,
    ),
    reopen: prepare(
      "UPDATE runs SET status = 'RUNNING' WHERE id = ? AND status IN ('CANCELLED', 'ERROR')",
    ),
    nextIndex: prepare(
      "SELECT coalesce(max(position), -1) + 1 AS next FROM run_events WHERE run_id = ?",
    ),
    get: prepare(`SELECT * FROM runs WHERE id = ?2 AND ${owned}`),
    latest: prepare(
      `SELECT * FROM runs WHERE session_id = ?2 AND status <> 'RUNNING' AND ${owned}
        ORDER BY created_at DESC, rowid DESC LIMIT ?3`,
    ),
    running: prepare("SELECT * FROM runs WHERE status = 'RUNNING'"),
    append: prepare("INSERT INTO run_events (run_id, position, name, data) VALUES (?, ?, ?, ?)"),
    eventsAfter: prepare(
      `SELECT position, name, data FROM run_events WHERE run_id = ? AND position > ?
        ORDER BY position LIMIT ?`,
    ),
    charge: prepare(
      `INSERT INTO usage (day, run_id, session_id, agent_id, user_id, model, provider,
         input_tokens, output_tokens) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    ),
  };
}
