import { type Duration, milliseconds } from "../duration.ts";
import { refuseUnknown, wholeNumber } from "../invalid-option.ts";
import {
  LARGEST_LIMIT,
  POLICY_OPTIONS,
  type PolicyBase,
  type PolicyOptions,
  readBase,
} from "./policy.ts";

/** Options of {@link strictWindow}. */
export interface StrictWindowOptions extends PolicyOptions {
  /** The most that any sliding window admits. */
  readonly limit: number;
  /** The length of the window. */
  readonly per: Duration;
  /**
   * Into how many buckets the window is divided: more are closer to an exact log, and take more
   * memory (4 bytes each in this process, about 3 in Redis).
   * @defaultValue 12
   */
  readonly buckets?: number;
}

/** A sliding window that never admits more than its limit, made by {@link strictWindow}. */
export interface StrictWindowPolicy extends PolicyBase {
  readonly kind: "strict-window";
  readonly limit: number;
  readonly windowMs: number;
  readonly buckets: number;
  readonly bucketUs: number;
}

/**
 * A sliding window in buckets of which the oldest always counts as a whole: **no** window of length
 * `per`, wherever it starts, admits more than `limit`.
 *
 * The price is that a unit comes back up to `per / buckets` later than from an exact log. The default
 * choice for tokens per minute: costs may be as large as the limit, and refunds are exact.
 *
 * @throws LIMITER_INVALID_OPTION
 * @example
 * ```ts
 * const tokens = strictWindow({ name: "tokens", limit: 90_000, per: "minute" });
 * ```
 */
export function strictWindow(options: StrictWindowOptions): StrictWindowPolicy {
  const what = "strict-window";
  refuseUnknown(what, options, [...POLICY_OPTIONS, "limit", "per", "buckets"]);
  const base = readBase(what, options, "local");
  const limit = wholeNumber(what, "limit", options.limit, { min: 1, max: LARGEST_LIMIT });
  const windowMs = milliseconds(what, "per", options.per);
  const { buckets: parts = 12 } = options;
  const buckets = wholeNumber(what, "buckets", parts, { min: 1, max: 120 });
  // Rounded up: the buckets together are never shorter than the window.
  const bucketUs = Math.ceil((windowMs * 1_000) / buckets);
  return Object.freeze({
    kind: "strict-window",
    ...base,
    id: `w${bucketUs}x${buckets}:${base.name}`,
    capacity: limit,
    limit,
    windowMs,
    buckets,
    bucketUs,
  });
}
