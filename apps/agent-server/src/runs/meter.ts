import type { TokenUsage } from "../agents/agent.ts";

/** What the caller of a run has left once it has ended, as clients read it. */
export interface Remainder {
  readonly policy: string;
  readonly limit: number;
  readonly remaining: number;
}

/** Counts what a run uses, for whoever has to pay for it. */
export interface RunMeter {
  /** Aborts when the run may not go on; its reason is an error that is written for the caller. */
  readonly signal: AbortSignal;
  /** Takes note of what the run has used so far, in total. */
  use(usage: TokenUsage): Promise<void>;
  /** Takes note of what the run has used in the end, and that it is over; tells what is left of limited tokens. */
  settle(usage: TokenUsage): Promise<readonly Remainder[]>;
}

/** Counts nothing. */
export const unmetered: RunMeter = {
  signal: new AbortController().signal,
  async use() {},
  settle: async () => [],
};
