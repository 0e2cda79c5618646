import { join } from "node:path";
import Database from "libsql";

/** One step per version of the schema, in order; a step that has been released never changes. */
const migrations: readonly string[] = [
  `CREATE TABLE sessions (
     id TEXT PRIMARY KEY,
     agent_id TEXT NOT NULL,
     user_id TEXT,
     name TEXT NOT NULL,
     state TEXT NOT NULL,
     metadata TEXT NOT NULL,
     visible INTEGER NOT NULL,
     created_at INTEGER NOT NULL,
     updated_at INTEGER NOT NULL
   );
   CREATE INDEX sessions_by_time ON sessions (updated_at DESC);
   CREATE TABLE runs (
     id TEXT PRIMARY KEY,
     session_id TEXT NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
     agent_id TEXT NOT NULL,
     user_id TEXT,
     message TEXT NOT NULL,
     files TEXT NOT NULL,
     dependencies TEXT NOT NULL,
     metadata TEXT NOT NULL,
     status TEXT NOT NULL,
     content TEXT NOT NULL,
     tools TEXT NOT NULL,
     input_tokens INTEGER NOT NULL,
     output_tokens INTEGER NOT NULL,
     created_at INTEGER NOT NULL
   );
   CREATE INDEX runs_by_session ON runs (session_id, created_at);
   CREATE TABLE run_events (
     run_id TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
     position INTEGER NOT NULL,
     name TEXT NOT NULL,
     data TEXT NOT NULL,
     PRIMARY KEY (run_id, position)
   ) WITHOUT ROWID;
   CREATE TABLE usage (
     day TEXT NOT NULL,
     run_id TEXT NOT NULL,
     session_id TEXT NOT NULL,
     agent_id TEXT NOT NULL,
     user_id TEXT,
     model TEXT NOT NULL,
     provider TEXT NOT NULL,
     input_tokens INTEGER NOT NULL,
     output_tokens INTEGER NOT NULL
   );
   CREATE INDEX usage_by_day ON usage (day);`,
];

/**
 * Opens the database file in a folder, and brings its schema up to date.
 *
 * One process per folder: runs that are running in another process would look like left over from a crash.
 *
 * @throws when the file was written by a newer version.
 */
export function openDatabase(folder: string): Database.Database {
  const database = new Database(join(folder, "agent-server.db"), { timeout: 5_000 });
  // WAL: a commit does not wait for the disk; a power cut may lose the last moments, never the file.
  database.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA foreign_keys = ON");
  migrate(database);
  return database;
}

function migrate(database: Database.Database): void {
  const row = database.prepare("PRAGMA user_version").get() as { user_version: number };
  const current = row.user_version;
  if (current > migrations.length) {
    throw new Error(
      `The database has schema version ${current}, this server knows ${migrations.length}; ` +
        "start the version that wrote it, or set DATA_DIR to another folder",
    );
  }
  for (const [offset, step] of migrations.slice(current).entries()) {
    database.transaction(() => {
      database.exec(step);
      database.exec(`PRAGMA user_version = ${current + offset + 1}`);
    })();
  }
}
