import type Database from "libsql";
import type { Session, SessionChanges, SessionStore } from "../store.ts";
import { type SessionRow, toSession } from "./rows.ts";

/** `?1` the owner, or null for a caller who may see everything. */
const owned = "visible = 1 AND (?1 IS NULL OR user_id = ?1)";
const matching = `${owned} AND (?2 IS NULL OR agent_id = ?2)
  AND (?3 IS NULL OR instr(lower(name), lower(?3)) > 0) AND (?4 IS NULL OR id = ?4)`;

/** Keeps sessions in SQLite. */
export function createSessionStore(database: Database.Database): SessionStore {
  const select = database.prepare(`SELECT * FROM sessions WHERE id = ?2 AND ${owned}`);
  const list = database.prepare(
    `SELECT * FROM sessions WHERE ${matching}
      ORDER BY updated_at DESC, rowid DESC LIMIT ?5 OFFSET ?6`,
  );
  const count = database.prepare(`SELECT count(*) AS total FROM sessions WHERE ${matching}`);
  const insert = database.prepare(
    `INSERT INTO sessions (id, agent_id, user_id, name, state, metadata, visible, created_at, updated_at)
     VALUES (?, ?, ?, ?, ?, ?, 1, ?, ?) ON CONFLICT DO NOTHING`,
  );
  const update = database.prepare(
    "UPDATE sessions SET name = ?, state = ?, metadata = ?, updated_at = ? WHERE id = ?",
  );
  const remove = database.prepare("DELETE FROM sessions WHERE id = ?");

  const get = (id: string, owner: string | undefined): Session | undefined => {
    const row = select.get(owner ?? null, id) as SessionRow | undefined;
    return row && toSession(row);
  };

  return {
    async list({ owner, agentId, id, name, limit, offset }) {
      const filter = [owner ?? null, agentId ?? null, name ?? null, id ?? null];
      const rows = list.all(...filter, limit, offset) as SessionRow[];
      const { total } = count.get(...filter) as { total: number };
      return { sessions: rows.map(toSession), total };
    },
    async get(id, owner) {
      return get(id, owner);
    },
    async create({ id, agentId, userId, name, state, metadata, createdAt, updatedAt }) {
      const json = [JSON.stringify(state), JSON.stringify(metadata)];
      return (
        insert.run(id, agentId, userId ?? null, name, ...json, createdAt, updatedAt).changes > 0
      );
    },
    async update(id, owner, changes: SessionChanges, at) {
      const session = get(id, owner);
      if (!session) return undefined;
      const { name, state, metadata } = { ...session, ...changes };
      update.run(name, JSON.stringify(state), JSON.stringify(metadata), at, id);
      return get(id, owner);
    },
    async delete(id) {
      remove.run(id);
    },
  };
}
