import type { Store } from "../store.ts";
import { DataFolderError, takeFolder } from "./data-folder.ts";
import { openDatabase } from "./database.ts";
import { createRunStore } from "./runs.ts";
import { createSessionStore } from "./sessions.ts";
import { createUsageStore } from "./usage.ts";

/**
 * Opens the store that keeps everything in one SQLite file in a folder, which nobody else gets until it is closed.
 *
 * @throws {DataFolderError} when another process has the folder, or nothing can be kept there.
 */
export function openSqliteStore(folder: string): Store {
  const { database, release } = open(folder);
  return {
    id: "enfilade-sqlite",
    sessions: createSessionStore(database),
    runs: createRunStore(database),
    usage: createUsageStore(database),
    async close() {
      database.close();
      release();
    },
  };
}

function open(folder: string) {
  let release: (() => void) | undefined;
  try {
    release = takeFolder(folder);
    return { database: openDatabase(folder), release };
  } catch (error) {
    release?.();
    if (error instanceof DataFolderError) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    throw new DataFolderError(`The data cannot be kept in ${folder}: ${reason}`, { cause: error });
  }
}
