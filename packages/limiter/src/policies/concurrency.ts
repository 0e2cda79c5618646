import { type Duration, milliseconds } from "../duration.ts";
import { refuseUnknown, wholeNumber } from "../invalid-option.ts";
import { POLICY_OPTIONS, type PolicyBase, type PolicyOptions, readBase } from "./policy.ts";

/** Options of {@link concurrency}. */
export interface ConcurrencyOptions extends PolicyOptions {
  /** How many slots are taken at once. */
  readonly limit: number;
  /**
   * After how long a lease that is not renewed gives its slot back, because its holder is gone. The
   * limiter renews every third of it.
   * @defaultValue 30 seconds
   */
  readonly ttl?: Duration;
}

/** So many at the same time, made by {@link concurrency}. */
export interface ConcurrencyPolicy extends PolicyBase {
  readonly kind: "concurrency";
  readonly limit: number;
  readonly ttlMs: number;
}

/**
 * So many at the same time: each takes a lease, renews it while it runs and gives it back.
 *
 * A process that dies gives its slots back after `ttl`. One that does not answer for longer than that
 * loses them as well, and takes them again when it renews: for a moment there may be more than `limit`.
 *
 * @throws LIMITER_INVALID_OPTION
 * @example
 * ```ts
 * const runs = concurrency({ name: "runs", limit: 4, ttl: 30_000 });
 * ```
 */
export function concurrency(options: ConcurrencyOptions): ConcurrencyPolicy {
  const what = "concurrency";
  refuseUnknown(what, options, [...POLICY_OPTIONS, "limit", "ttl"]);
  const base = readBase(what, options, "local");
  // A lease's slots are entries of a sorted set: a script that adds thousands would stop the server.
  const limit = wholeNumber(what, "limit", options.limit, { min: 1, max: 100_000 });
  const { ttl = 30_000 } = options;
  const ttlMs = milliseconds(what, "ttl", ttl);
  return Object.freeze({
    kind: "concurrency",
    ...base,
    id: `c:${base.name}`,
    capacity: limit,
    limit,
    ttlMs,
  });
}
