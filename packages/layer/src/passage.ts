import type { Step } from "./types.ts";

/**
 * The steps of one phase, made ready to be run. Requests read the functions from a list of their own: going
 * from step to step would touch twice the memory.
 */
export interface Passage {
  readonly steps: readonly Step[];
  /** What each of the steps runs. */
  readonly runs: readonly Step["run"][];
  /** How many steps from the first on end by returning; the one behind them, if any, calls back. */
  readonly returning: number;
}

/** Makes steps of one phase ready to be run. */
export function passageOf(steps: readonly Step[]): Passage {
  const foreign = steps.findIndex(({ style }) => style === "callback");
  return {
    steps,
    runs: steps.map(({ run }) => run),
    returning: foreign < 0 ? steps.length : foreign,
  };
}
