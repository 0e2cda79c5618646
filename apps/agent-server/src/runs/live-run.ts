import type { Run } from "../store/store.ts";
import { Bell } from "./bell.ts";

/** Somebody who reads a run's events; `seen` is the index of the last event taken. */
export interface Follower {
  seen: number;
}

/** How far the agent may be ahead of the slowest reader before it has to wait. */
const maxEventsAhead = 32;

/** Why a run was stopped; the message becomes the `reason` of its `RunCancelled` event. */
export class RunStopped extends Error {
  override readonly name = "RunStopped";
}

/**
 * A run that is going on in this process: who follows it, and whether it should stop.
 *
 * A run that is not detached belongs to its followers: it goes as fast as the slowest of them reads, and stops when the
 * last of them has left. A detached one (a background run) goes on without any.
 */
export class LiveRun {
  readonly run: Run;
  readonly detached: boolean;
  /** Rings when there is a new event, and at the end. */
  readonly news: Bell = new Bell();
  /** Rings when a follower has read on or left. */
  readonly #room: Bell = new Bell();
  readonly #stop = new AbortController();
  readonly #followers = new Set<Follower>();
  /** The index of the next event. */
  nextIndex = 0;
  settled = false;

  constructor(run: Run, options: { readonly detached: boolean }) {
    this.run = run;
    this.detached = options.detached;
  }

  get signal(): AbortSignal {
    return this.#stop.signal;
  }

  stop(reason: string): void {
    this.abort(new RunStopped(reason));
  }

  /** Ends the agent's work; anything but a `RunStopped` makes the run a failed one. */
  abort(error: Error): void {
    this.#stop.abort(error);
    this.#room.ring();
  }

  follow(seen: number): Follower {
    const follower = { seen };
    this.#followers.add(follower);
    return follower;
  }

  advance(follower: Follower, seen: number): void {
    follower.seen = seen;
    this.#room.ring();
  }

  leave(follower: Follower): void {
    this.#followers.delete(follower);
    this.#room.ring();
    if (this.#followers.size === 0 && !this.detached && !this.settled) {
      this.stop("The client disconnected");
    }
  }

  /** Waits until the slowest follower has caught up far enough; never for a detached run, or once it is stopped. */
  async room(): Promise<void> {
    while (!this.detached && !this.signal.aborted && this.#ahead() > maxEventsAhead) {
      await this.#room.next;
    }
  }

  settle(): void {
    this.settled = true;
    this.news.ring();
  }

  #ahead(): number {
    let slowest = this.nextIndex - 1;
    for (const { seen } of this.#followers) slowest = Math.min(slowest, seen);
    return this.nextIndex - 1 - slowest;
  }
}
