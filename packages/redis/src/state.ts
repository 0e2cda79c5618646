import type { BreakerState } from "./breaker.ts";

/** What has happened to commands so far. */
export interface RedisCounts {
  /** Sent to a server. */
  sent: number;
  /** Answered with an error, because nothing came within the deadline … */
  timedOut: number;
  /** … of those, scripts that had run in time all the same, as a late answer told … */
  lateRan: number;
  /** … and scripts that came too late, and did nothing. */
  voided: number;
  /** Broken off together with their connection: they may have run or not. */
  lost: number;
  /** Not sent: no connection, an open breaker, too many in flight. */
  notSent: number;
  /** Refused by the server. */
  refused: number;
  /** Scripts that the server did not know, or not any more. */
  scriptLoads: number;
}

/** The state of one node. */
export interface RedisNodeState {
  readonly node: string;
  readonly ready: boolean;
  readonly breaker: BreakerState;
  readonly failures: number;
}

/** The state of a guarded connection, for health checks and metrics. */
export interface RedisState {
  /** True while every known node takes commands. */
  readonly ready: boolean;
  readonly driver: string;
  readonly nodes: readonly RedisNodeState[];
  readonly inFlight: number;
  readonly counts: Readonly<RedisCounts>;
}

/** Nothing has happened yet. */
export function noCounts(): RedisCounts {
  return {
    sent: 0,
    timedOut: 0,
    lateRan: 0,
    voided: 0,
    lost: 0,
    notSent: 0,
    refused: 0,
    scriptLoads: 0,
  };
}
