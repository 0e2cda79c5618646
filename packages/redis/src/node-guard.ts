import { Breaker } from "./breaker.ts";
import type { RedisDriver } from "./driver.ts";
import { ServerClock } from "./server-clock.ts";
import type { Settings } from "./settings.ts";
import { within } from "./within.ts";

/** A server that denies writes is left once, and not once for every command. */
const READONLY_EVERY_MS = 500;

/** This process' monotonic clock, in microseconds. */
export function localUs(): number {
  return performance.now() * 1_000;
}

/** Watches one node: its breaker, its clock, and its way back. */
export class NodeGuard {
  readonly node: string;
  readonly breaker: Breaker;
  readonly clock: ServerClock = new ServerClock();
  readonly #driver: RedisDriver;
  readonly #settings: Settings;
  #watch: NodeJS.Timeout | undefined;
  #measuring: Promise<void> | undefined;
  #silentSince = 0;
  #readonlyAt = Number.NEGATIVE_INFINITY;
  #closed = false;

  constructor(node: string, settings: Settings) {
    this.node = node;
    this.#driver = settings.driver;
    this.#settings = settings;
    this.breaker = new Breaker(settings.failuresToOpen, (from, to) => {
      if (to === "half-open" || (from === "half-open" && to === "open")) return;
      settings.onEvent({ node, kind: "breaker", breaker: to });
      if (to === "open") this.#startWatch();
    });
  }

  get ready(): boolean {
    return this.#driver.isReady(this.node);
  }

  /** The node takes commands; it may be another server, or the same one with another clock. */
  onReady(): void {
    this.clock.forget();
    this.measure().catch(() => this.#startWatch());
  }

  onLost(): void {
    this.clock.forget();
    this.#startWatch();
  }

  /** An answer came to a command given up: the server is back, no need to wait for the next probe. */
  onLateAnswer(): void {
    if (this.breaker.state === "open") this.#probe();
  }

  /** Asks the node for its time, once for all who wait for it; rejects where it does not answer. */
  measure(): Promise<void> {
    this.#measuring ??= this.#measure().finally(() => {
      this.#measuring = undefined;
    });
    return this.#measuring;
  }

  /** The server denies writes: there was a failover, and the node is somewhere else now. */
  onReadonly(cause: unknown): void {
    const now = performance.now();
    if (now - this.#readonlyAt < READONLY_EVERY_MS) return;
    this.#readonlyAt = now;
    this.reconnect(cause);
  }

  /** Drops the connection, and looks for the node anew. */
  reconnect(cause: unknown): void {
    this.#silentSince = performance.now();
    this.#settings.onEvent({ node: this.node, kind: "reconnecting", cause });
    this.#driver.reconnect(this.node);
    this.#startWatch();
  }

  close(): void {
    this.#closed = true;
    clearInterval(this.#watch);
  }

  async #measure(): Promise<void> {
    const { deadlineMs } = this.#settings;
    const sentAt = localUs();
    try {
      const reply = await within(this.#driver.time(this.node), deadlineMs, "TIME");
      this.clock.learn(readTime(reply), sentAt, localUs());
      this.breaker.succeed();
    } catch (error) {
      this.breaker.fail();
      throw error;
    }
  }

  #startWatch(): void {
    if (this.#watch !== undefined || this.#closed) return;
    this.#silentSince = performance.now();
    this.#watch = setInterval(() => this.#look(), this.#settings.probeEveryMs);
    this.#watch.unref();
  }

  #look(): void {
    if (this.ready && this.breaker.state === "closed" && this.clock.known) {
      clearInterval(this.#watch);
      this.#watch = undefined;
      return;
    }
    if (performance.now() - this.#silentSince >= this.#settings.reconnectAfterMs) {
      this.reconnect("no answer");
    } else {
      this.#probe();
    }
  }

  #probe(): void {
    if (!this.ready || this.#measuring !== undefined) return;
    if (this.breaker.state === "open") this.breaker.probe();
    // What it says is in the breaker.
    this.measure().catch(() => {});
  }
}

/** Reads the answer of `TIME`: seconds and microseconds, in strings. */
function readTime(reply: unknown): number {
  const [seconds, microseconds] = Array.isArray(reply) ? reply.map(Number) : [];
  const us = (seconds ?? Number.NaN) * 1_000_000 + (microseconds ?? Number.NaN);
  if (!Number.isSafeInteger(us)) throw new Error("TIME was answered with something else");
  return us;
}
