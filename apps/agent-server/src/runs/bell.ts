/**
 * Wakes all who wait, any number of times.
 *
 * Who takes `next` before looking at the state, and waits for it only if there was nothing to see, misses nothing.
 */
export class Bell {
  #wake: () => void = () => {};
  #next: Promise<void> = new Promise((resolve) => {
    this.#wake = resolve;
  });

  /** Resolves at the next `ring`. */
  get next(): Promise<void> {
    return this.#next;
  }

  ring(): void {
    const wake = this.#wake;
    this.#next = new Promise((resolve) => {
      this.#wake = resolve;
    });
    wake();
  }
}
