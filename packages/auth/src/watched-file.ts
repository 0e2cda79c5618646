import { readFileSync, unwatchFile, watchFile } from "node:fs";
import { readFile } from "node:fs/promises";

/** A file that is read again when it changes. */
export interface WatchedFile<Value> {
  /** What the file said when it was last right. */
  readonly value: Value;
  /** Stops watching. */
  close(): void;
}

/** What happens when the file changes. */
export interface Watching<Value> {
  /** Makes a value of the text; throws when the text is not right. */
  parse(text: string): Value;
  /** How often the file is looked at. */
  readonly intervalMs: number;
  onChange(value: Value): void;
  /** The file has become unreadable, or says nothing valid: the old value stays. */
  onError(error: unknown): void;
}

/**
 * Reads a file now, and again whenever it changes. It is asked for its state rather than watched: that
 * works on network volumes, in containers, and when the file is replaced by a rename or a symbolic link.
 *
 * @throws what reading or `parse` throws, the first time only.
 */
export function watchedFile<Value>(path: string, watching: Watching<Value>): WatchedFile<Value> {
  let text = readFileSync(path, "utf8");
  let value = watching.parse(text);

  async function reload(): Promise<void> {
    try {
      const read = await readFile(path, "utf8");
      if (read === text) return;
      const parsed = watching.parse(read);
      text = read;
      value = parsed;
      watching.onChange(value);
    } catch (error) {
      watching.onError(error);
    }
  }

  const listener = () => {
    void reload();
  };
  watchFile(path, { interval: watching.intervalMs, persistent: false }, listener);
  return {
    get value() {
      return value;
    },
    close: () => unwatchFile(path, listener),
  };
}
