import type { QueueOptions } from "./options.ts";

/** Others may free a place in another process: nobody tells of that. */
const ASK_AGAIN_MS = 250;

/** What came of asking for a place: `busy` means that there is still none. */
export interface Attempt {
  readonly busy: boolean;
}

/** Why somebody cannot wait: too many wait, or too many of this caller. */
export type Turned = "full" | "caller-full";

/** Somebody who waits. */
export interface Waiting<A extends Attempt> {
  /** Resolves with what came of it: after the longest wait, or for who has left, that there was no place. */
  readonly done: Promise<A>;
  /** Stops waiting: the client has gone. */
  leave(): void;
}

/** Who wants to wait, and for what. */
export interface Newcomer<A> {
  /** Each of the places that it needs. */
  readonly places: readonly string[];
  readonly caller: string;
  /** What came of asking before. */
  readonly last: A;
  /** Asks once more. */
  ask(): Promise<A>;
  /** Gives back a place that came too late. */
  giveBack(attempt: A): void;
}

interface Waiter<A> extends Newcomer<A> {
  last: A;
  gone: boolean;
  finish(): void;
  fail(error: unknown): void;
}

interface Line<A> {
  readonly places: ReadonlySet<string>;
  readonly waiters: Waiter<A>[];
  asking: boolean;
  /** A place was freed while somebody was asking. */
  again: boolean;
}

/**
 * Where requests wait for a place, first come first served, and never more than so many.
 *
 * A line is made of those who need the same places; whoever frees one of them lets the head of each line that
 * needs it ask again.
 */
export class WaitingRoom<A extends Attempt> {
  readonly #options: Required<QueueOptions>;
  readonly #lines = new Map<string, Line<A>>();
  readonly #byCaller = new Map<string, number>();
  #size = 0;
  #closed = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: Required<QueueOptions>) {
    this.#options = options;
  }

  get size(): number {
    return this.#size;
  }

  /** Tells whether somebody waits for these places already, whom nobody may overtake. */
  hasLine(places: readonly string[]): boolean {
    return this.#lines.has(nameOf(places));
  }

  enter(newcomer: Newcomer<A>): Waiting<A> | Turned {
    const { places, caller } = newcomer;
    const { maxWaiting, maxWaitingPerCaller, maxWaitMs } = this.#options;
    const own = this.#byCaller.get(caller) ?? 0;
    if (own >= maxWaitingPerCaller) return "caller-full";
    if (this.#closed || this.#size >= maxWaiting) return "full";
    this.#byCaller.set(caller, own + 1);
    this.#size += 1;

    const name = nameOf(places);
    const line = this.#lines.get(name) ?? emptyLine(places);
    this.#lines.set(name, line);
    let leave = () => {};
    const done = new Promise<A>((resolve, reject) => {
      const remove = () => {
        clearTimeout(timer);
        this.#remove(name, line, waiter);
      };
      leave = () => {
        remove();
        resolve(waiter.last);
      };
      const timer = setTimeout(leave, maxWaitMs);
      const waiter: Waiter<A> = {
        ...newcomer,
        gone: false,
        finish: leave,
        fail(error) {
          remove();
          reject(error);
        },
      };
      line.waiters.push(waiter);
    });
    this.#watch();
    return { done, leave };
  }

  /** Sends everybody away, and lets nobody in any more. */
  close(): void {
    this.#closed = true;
    const everybody = [...this.#lines.values()].flatMap(({ waiters }) => waiters);
    for (const waiter of everybody) waiter.finish();
  }

  /** Hears that places are free. */
  freed(places: readonly string[]): void {
    if (this.#size === 0) return;
    for (const line of this.#lines.values()) {
      if (places.some((place) => line.places.has(place))) void this.#serve(line);
    }
  }

  #watch(): void {
    if (this.#timer !== undefined) return;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      for (const line of this.#lines.values()) void this.#serve(line);
      if (this.#size > 0) this.#watch();
    }, ASK_AGAIN_MS);
    this.#timer.unref();
  }

  /** Lets one after the other of a line ask, until one hears that there is no place. */
  async #serve(line: Line<A>): Promise<void> {
    if (line.asking) {
      line.again = true;
      return;
    }
    line.asking = true;
    do {
      line.again = false;
      while (await serveHead(line));
    } while (line.again);
    line.asking = false;
  }

  #remove(name: string, line: Line<A>, waiter: Waiter<A>): void {
    if (waiter.gone) return;
    waiter.gone = true;
    line.waiters.splice(line.waiters.indexOf(waiter), 1);
    if (line.waiters.length === 0) this.#lines.delete(name);
    const others = (this.#byCaller.get(waiter.caller) ?? 1) - 1;
    if (others === 0) this.#byCaller.delete(waiter.caller);
    else this.#byCaller.set(waiter.caller, others);
    this.#size -= 1;
    if (this.#size > 0) return;
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }
}

/** Lets the head of a line ask; gives whether the next one may. */
async function serveHead<A extends Attempt>({ waiters }: Line<A>): Promise<boolean> {
  const [head] = waiters;
  if (head === undefined) return false;
  try {
    const attempt = await head.ask();
    if (head.gone) {
      head.giveBack(attempt);
      return true;
    }
    head.last = attempt;
    if (attempt.busy) return false;
    head.finish();
  } catch (error) {
    head.fail(error);
  }
  return true;
}

function emptyLine<A>(places: readonly string[]): Line<A> {
  return { places: new Set(places), waiters: [], asking: false, again: false };
}

function nameOf(places: readonly string[]): string {
  return JSON.stringify(places);
}
