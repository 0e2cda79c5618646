/** A clock that moves only when the test says so; for code that takes `now` as an option. */
export interface Clock {
  /** Milliseconds since the epoch, as `Date.now` gives them. */
  now(): number;
  /** Moves the time forward. */
  advance(ms: number): void;
}

/**
 * Creates a {@link Clock}. For code that sets timers use vitest's fake timers instead.
 *
 * @param startMs - where it starts; by default a moment that is no round number of anything
 */
export function createClock(startMs = 1_750_000_012_345): Clock {
  let nowMs = startMs;
  return {
    now: () => nowMs,
    advance(ms) {
      if (!(ms >= 0)) throw new RangeError(`A clock does not go back: advance(${ms})`);
      nowMs += ms;
    },
  };
}

/** A clock that stands still until it is started, and then goes as time does. */
export interface StoppedClock {
  /** Milliseconds since the epoch, with fractions. */
  now(): number;
  /** Lets it go; a second time changes nothing. */
  start(): void;
}

/**
 * Creates a {@link StoppedClock}, for what a machine must not be too slow for: nothing runs out before the clock is
 * started.
 */
export function createStoppedClock(startMs = 1_750_000_012_345): StoppedClock {
  let startedAt: number | undefined;
  return {
    now: () => (startedAt === undefined ? startMs : startMs + performance.now() - startedAt),
    start() {
      startedAt ??= performance.now();
    },
  };
}
