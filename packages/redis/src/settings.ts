import type { BreakerState } from "./breaker.ts";
import type { RedisDriver } from "./driver.ts";
import { refuseOption } from "./invalid-option.ts";

/**
 * Something that happened to a node; for logs. `failed` is an attempt to connect that came to nothing:
 * with backoff there are up to four of them a second while a server is away.
 */
export interface RedisEvent {
  readonly node: string;
  readonly kind: "ready" | "lost" | "failed" | "reconnecting" | "breaker";
  /** Of a breaker: what it turned to. */
  readonly breaker?: BreakerState;
  readonly cause?: unknown;
}

/** Options of the guard, whatever the client is. */
export interface GuardOptions {
  /**
   * How long a command may take, retries and all.
   *
   * **Security:** a request waits that long for a frozen server, each of them until the breaker opens.
   * @defaultValue 100
   */
  readonly deadlineMs?: number;
  /** How many commands in a row must fail until a node is asked no more. @defaultValue 5 */
  readonly failuresToOpen?: number;
  /** How often a node is probed that is asked no more. @defaultValue 250 */
  readonly probeEveryMs?: number;
  /**
   * After how long without an answer the connection is given up and made anew: a peer that has gone
   * without a word never closes it.
   * @defaultValue 3,000
   */
  readonly reconnectAfterMs?: number;
  /** How many commands may wait for an answer at once. @defaultValue 10,000 */
  readonly maxInFlight?: number;
  /** Is told what happens to the nodes; must not throw. */
  readonly onEvent?: (event: RedisEvent) => void;
}

export interface Settings extends Required<GuardOptions> {
  readonly driver: RedisDriver;
}

const BOUNDS = {
  deadlineMs: [100, 1, 60_000],
  failuresToOpen: [5, 1, 1_000_000],
  probeEveryMs: [250, 1, 3_600_000],
  reconnectAfterMs: [3_000, 1, 3_600_000],
  maxInFlight: [10_000, 1, 10_000_000],
} as const;

export const GUARD_OPTIONS: readonly string[] = [...Object.keys(BOUNDS), "onEvent"];

/** @throws REDIS_INVALID_OPTION */
export function resolveGuardOptions(options: GuardOptions): Required<GuardOptions> {
  const { onEvent = () => {} } = options;
  if (typeof onEvent !== "function") {
    return refuseOption("createRedis", "onEvent", onEvent, "Give a function.");
  }
  return {
    deadlineMs: whole("deadlineMs", options),
    failuresToOpen: whole("failuresToOpen", options),
    probeEveryMs: whole("probeEveryMs", options),
    reconnectAfterMs: whole("reconnectAfterMs", options),
    maxInFlight: whole("maxInFlight", options),
    onEvent,
  };
}

function whole(option: keyof typeof BOUNDS, options: GuardOptions): number {
  const [fallback, min, max] = BOUNDS[option];
  const { [option]: value = fallback } = options;
  if (Number.isInteger(value) && value >= min && value <= max) return value;
  return refuseOption("createRedis", option, value, `Give a whole number from ${min} to ${max}.`);
}
