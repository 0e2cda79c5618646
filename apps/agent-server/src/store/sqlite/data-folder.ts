import { mkdirSync } from "node:fs";
import { join } from "node:path";
import Database from "libsql";

/** Says why a folder cannot hold the data, in words that need no stack. */
export class DataFolderError extends Error {
  override readonly name = "DataFolderError";
}

/**
 * Takes a folder for whoever asks first; it is made where it is missing.
 *
 * The lock is the operating system's, on a file beside the data: it goes with the process, however that ends, and
 * other programs may still read the data.
 *
 * @returns what gives the folder back.
 * @throws {DataFolderError} when another process has it.
 */
export function takeFolder(folder: string): () => void {
  mkdirSync(folder, { recursive: true });
  const lock = new Database(join(folder, "agent-server.lock"), { timeout: 0 });
  try {
    lock.exec("BEGIN EXCLUSIVE");
  } catch (error) {
    lock.close();
    if ((error as { code?: unknown }).code !== "SQLITE_BUSY") throw error;
    throw new DataFolderError(
      `Another server keeps its data in ${folder}. Stop that one, or choose another folder and another port: ` +
        "DATA_DIR=$(mktemp -d) PORT=7778 npm run demo",
    );
  }
  return () => lock.close();
}
