import type { Store } from "../store.ts";
import { openDatabase } from "./database.ts";
import { createRunStore } from "./runs.ts";
import { createSessionStore } from "./sessions.ts";
import { createUsageStore } from "./usage.ts";

/** Opens the store that keeps everything in one SQLite file in a folder. */
export function openSqliteStore(folder: string): Store {
  const database = openDatabase(folder);
  return {
    id: "enfilade-sqlite",
    sessions: createSessionStore(database),
    runs: createRunStore(database),
    usage: createUsageStore(database),
    async close() {
      database.close();
    },
  };
}
