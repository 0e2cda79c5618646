// Taken before any test installs fake timers: a deadline must pass in real time.
const { setTimeout: realSetTimeout, clearTimeout: realClearTimeout } = globalThis;

/** How long a wait lasts before it fails with what it has seen. */
const DEADLINE_MS = 10_000;

/** Collects what happens, and lets a test wait for it without polling or sleeping. */
export interface Recorder<T> {
  /** Everything recorded so far, oldest first. */
  readonly items: readonly T[];
  /** Adds an item and wakes every waiter that it satisfies. */
  record(item: T): void;
  /** Resolves with the first item, past or future, that matches. */
  find(matches: (item: T) => boolean): Promise<T>;
  /** Resolves as soon as all items together satisfy the condition. */
  until(condition: (items: readonly T[]) => boolean): Promise<readonly T[]>;
}

/**
 * Creates a {@link Recorder}.
 *
 * A wait that is not met within ten seconds fails and prints what was recorded instead, which tells
 * more than the test runner's own time limit.
 *
 * @example
 * const outcomes = createRecorder<string>();
 * app.addHook("onResponse", async () => outcomes.record("completed"));
 * await outcomes.find((outcome) => outcome === "completed");
 */
export function createRecorder<T>(): Recorder<T> {
  const items: T[] = [];
  const waiters = new Set<() => void>();

  function until(condition: (items: readonly T[]) => boolean): Promise<readonly T[]> {
    return new Promise((resolve, reject) => {
      const settle = (finish: () => void) => {
        waiters.delete(check);
        realClearTimeout(deadline);
        finish();
      };
      const check = () => {
        try {
          if (condition(items)) settle(() => resolve(items));
        } catch (error) {
          settle(() => reject(error));
        }
      };
      const deadline = realSetTimeout(() => {
        const seen = items.map((item) => `  ${printed(item)}`).join("\n") || "  nothing";
        settle(() => reject(new Error(`Waited ${DEADLINE_MS} ms in vain. Recorded:\n${seen}`)));
      }, DEADLINE_MS);
      waiters.add(check);
      check();
    });
  }

  return {
    items,
    record(item) {
      items.push(item);
      for (const check of [...waiters]) check();
    },
    until,
    async find(matches) {
      let found: { item: T } | undefined;
      await until((all) => {
        const index = all.findIndex(matches);
        if (index === -1) return false;
        found = { item: all[index] as T };
        return true;
      });
      if (found === undefined) throw new Error("unreachable: until() resolved without a match");
      return found.item;
    },
  };
}

function printed(item: unknown): string {
  return typeof item === "string" ? item : (JSON.stringify(item) ?? String(item));
}
