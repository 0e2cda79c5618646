/** What is known here of a run. */
interface OpenRun {
  /** Settles it as it stands. Never rejects. */
  giveUp(): Promise<void>;
}

/**
 * The runs that have not been settled. Those whose exchange has ended are given some time: a handler that was
 * aborted knows what it has used a moment later. After that, and when the app closes, what was reserved stands.
 */
export class OpenRuns {
  readonly #open = new Set<OpenRun>();
  /** In the order of their leaving, with the time at which they are given up. */
  readonly #expected = new Map<OpenRun, number>();
  readonly #withinMs: number;
  #timer: NodeJS.Timeout | undefined;

  constructor(withinMs: number) {
    this.#withinMs = withinMs;
  }

  get size(): number {
    return this.#open.size;
  }

  add(run: OpenRun): void {
    this.#open.add(run);
  }

  delete(run: OpenRun): void {
    this.#open.delete(run);
    this.#expected.delete(run);
  }

  /** Waits for the settlement of a run whose exchange has ended. */
  expect(run: OpenRun): void {
    this.#expected.set(run, performance.now() + this.#withinMs);
    this.#watch();
  }

  /** Settles whatever is open. */
  async close(): Promise<void> {
    clearTimeout(this.#timer);
    await Promise.all([...this.#open].map((run) => run.giveUp()));
  }

  #watch(): void {
    if (this.#timer !== undefined) return;
    const [next] = this.#expected.values();
    if (next === undefined) return;
    this.#timer = setTimeout(() => this.#giveUp(), Math.max(0, next - performance.now()));
    this.#timer.unref();
  }

  #giveUp(): void {
    this.#timer = undefined;
    const now = performance.now();
    for (const [run, at] of this.#expected) {
      if (at > now) break;
      this.#expected.delete(run);
      void run.giveUp();
    }
    this.#watch();
  }
}
