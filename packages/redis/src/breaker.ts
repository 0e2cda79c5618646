/** `half-open` while a probe is on its way: nothing else is let through. */
export type BreakerState = "closed" | "open" | "half-open";

/**
 * Stops asking a server that does not answer: after so many failures in a row it opens, and only a
 * probe that was answered closes it.
 */
export class Breaker {
  readonly #failuresToOpen: number;
  readonly #onChange: (from: BreakerState, to: BreakerState) => void;
  #state: BreakerState = "closed";
  #failures = 0;

  constructor(failuresToOpen: number, onChange: (from: BreakerState, to: BreakerState) => void) {
    this.#failuresToOpen = failuresToOpen;
    this.#onChange = onChange;
  }

  get state(): BreakerState {
    return this.#state;
  }

  get failures(): number {
    return this.#failures;
  }

  /** An answer in time, a refusing one as well: the server is there. */
  succeed(): void {
    this.#failures = 0;
    this.#turn("closed");
  }

  fail(): void {
    this.#failures += 1;
    if (this.#state === "half-open" || this.#failures >= this.#failuresToOpen) this.#turn("open");
  }

  /** Lets one probe through. */
  probe(): void {
    this.#turn("half-open");
  }

  #turn(to: BreakerState): void {
    const from = this.#state;
    if (from === to) return;
    this.#state = to;
    this.#onChange(from, to);
  }
}
