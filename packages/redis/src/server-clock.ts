/** Quartz drifts by less: a measured offset is wrong by at most so much of the time since. */
const DRIFT = 1e-4;

/**
 * Knows a server's clock from here, as far as it can be known: a reply that says `t` was written
 * between the sending and the receiving, and so bounds the offset from both sides. Each reply makes
 * the bounds narrower; one that contradicts them means that the clock was set, and starts anew.
 *
 * All times in microseconds, the local ones on the monotonic clock: setting this machine's clock
 * changes nothing.
 */
export class ServerClock {
  #least = 0;
  #most = 0;
  #measuredAt = 0;
  #known = false;

  get known(): boolean {
    return this.#known;
  }

  /** Forgets everything: it may be another server from now on. */
  forget(): void {
    this.#known = false;
  }

  learn(serverUs: number, sentAt: number, receivedAt: number): void {
    const least = serverUs - receivedAt;
    const most = serverUs - sentAt;
    const drift = Math.max(0, receivedAt - this.#measuredAt) * DRIFT;
    const contradicts = least > this.#most + drift || most < this.#least - drift;
    if (!this.#known || contradicts) {
      this.#least = least;
      this.#most = most;
    } else {
      this.#least = Math.max(this.#least - drift, least);
      this.#most = Math.min(this.#most + drift, most);
    }
    this.#measuredAt = receivedAt;
    this.#known = true;
  }

  /** The server's clock is at least this far: what it calls later is certainly later here, too. */
  atLeast(localUs: number): number {
    const drift = Math.max(0, localUs - this.#measuredAt) * DRIFT;
    return localUs + this.#least - drift;
  }

  /** The middle of what it may be. */
  estimate(localUs: number): number {
    return localUs + (this.#least + this.#most) / 2;
  }
}
