import type { RunEvent, RunStore } from "../store/store.ts";
import type { LiveRun } from "./live-run.ts";

/** Events read from the store at a time: what one follower holds in memory. */
const pageSize = 64;

/**
 * Follows a run from an event on: what is stored of it, then what happens, without a gap or a repetition.
 *
 * Events always come from the store, in pages, so a reader that stalls costs one page.
 *
 * @param after - the index of the last event that the reader has; -1 for none.
 * @param live - the run while it goes on in this process.
 * @param signal - aborts when the reader leaves; the run learns of it at once, whatever the iterator is doing.
 */
export function follow(options: {
  readonly store: RunStore;
  readonly runId: string;
  readonly after: number;
  readonly live: LiveRun | undefined;
  readonly signal: AbortSignal;
}): AsyncIterable<RunEvent> {
  const { store, runId, after, live, signal } = options;
  if (!live) return stored(store, runId, after, signal);

  const follower = live.follow(after);
  const leave = (): void => {
    live.leave(follower);
    live.news.ring();
  };
  // Not left to the iterator's `finally`, which a generator that was never started does not run.
  if (signal.aborted) leave();
  else signal.addEventListener("abort", leave, { once: true });
  return following();

  async function* following(): AsyncGenerator<RunEvent> {
    try {
      while (!signal.aborted && live) {
        // Both taken before reading, or what happens in between would be missed.
        const { news, settled } = { news: live.news.next, settled: live.settled };
        const events = await store.eventsAfter(runId, follower.seen, pageSize);
        for (const event of events) {
          yield event;
          live.advance(follower, event.index);
        }
        if (events.length > 0) continue;
        if (settled) return;
        await news;
      }
    } finally {
      signal.removeEventListener("abort", leave);
      live?.leave(follower);
    }
  }
}

async function* stored(
  store: RunStore,
  runId: string,
  after: number,
  signal: AbortSignal,
): AsyncGenerator<RunEvent> {
  let seen = after;
  while (!signal.aborted) {
    const events = await store.eventsAfter(runId, seen, pageSize);
    if (events.length === 0) return;
    for (const event of events) {
      yield event;
      seen = event.index;
    }
  }
}
