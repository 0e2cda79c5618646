import { readFileSync } from "node:fs";
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
 * Reads a file now, and again and again, to see whether it has changed. Its text is compared, which works on network
 * volumes, in containers, and when the file is replaced by a rename or a symbolic link; its times would not tell of
 * a second change within one tick of the system's clock, nor of one before they were first looked at.
 *
 * @throws what reading or `parse` throws, the first time only.
 */
export function watchedFile<Value>(path: string, watching: Watching<Value>): WatchedFile<Value> {
  let text = readFileSync(path, "utf8");
  let value = watching.parse(text);
  // What the file said, or why it could not be read, while it is wrong: it is reported once.
  let wrong: string | undefined;
  let closed = false;

  async function look(): Promise<void> {
    let read: string | undefined;
    try {
      read = await readFile(path, "utf8");
      if (closed || read === wrong) return;
      if (read !== text) {
        value = watching.parse(read);
        text = read;
        watching.onChange(value);
      }
      wrong = undefined;
    } catch (error) {
      const reason = read ?? String(error);
      if (closed || reason === wrong) return;
      wrong = reason;
      watching.onError(error);
    }
  }

  let timer: NodeJS.Timeout;
  // The next look waits for this one: a volume may be slow.
  const wait = (): void => {
    if (closed) return;
    timer = setTimeout(() => void look().then(wait), watching.intervalMs).unref();
  };
  wait();
  return {
    get value() {
      return value;
    },
    close() {
      closed = true;
      clearTimeout(timer);
    },
  };
}
