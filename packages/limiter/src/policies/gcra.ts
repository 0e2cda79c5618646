import { type Duration, milliseconds } from "../duration.ts";
import { refuseOption, refuseUnknown, wholeNumber } from "../invalid-option.ts";
import {
  LARGEST_LIMIT,
  POLICY_OPTIONS,
  type PolicyBase,
  type PolicyOptions,
  readBase,
} from "./policy.ts";

/** Options of {@link gcra}. */
export interface GcraOptions extends PolicyOptions {
  /** How many units flow back in `per`. */
  readonly limit: number;
  readonly per: Duration;
  /** How many units fit at once; also the largest cost that can ever be admitted. */
  readonly burst: number;
}

/** A steady rate with a burst, made by {@link gcra}. */
export interface GcraPolicy extends PolicyBase {
  readonly kind: "gcra";
  readonly limit: number;
  readonly periodMs: number;
  readonly burst: number;
  /**
   * What one unit takes to flow back: `step / scale` microseconds, in lowest terms, so that no
   * rounding ever adds up; `stepWhole` and `stepRest` are the same as a mixed fraction.
   */
  readonly step: number;
  readonly scale: number;
  readonly stepWhole: number;
  readonly stepRest: number;
  /** What the whole burst takes, in the same mixed fraction. */
  readonly toleranceWhole: number;
  readonly toleranceRest: number;
}

/**
 * A steady rate with an explicit burst (generic cell rate algorithm, ITU-T I.371).
 *
 * Any span of time t admits at most `burst + limit × t / per` units, and exactly that much to a
 * caller who always asks: no window edges. One number per key. The default choice for requests.
 *
 * @throws LIMITER_INVALID_OPTION
 * @example
 * ```ts
 * const requests = gcra({ name: "requests", limit: 60, per: "minute", burst: 10 });
 * ```
 */
export function gcra(options: GcraOptions): GcraPolicy {
  const what = "gcra";
  refuseUnknown(what, options, [...POLICY_OPTIONS, "limit", "per", "burst"]);
  const base = readBase(what, options, "local");
  const bounds = { min: 1, max: LARGEST_LIMIT };
  const limit = wholeNumber(what, "limit", options.limit, bounds);
  const burst = wholeNumber(what, "burst", options.burst, bounds);
  const periodMs = milliseconds(what, "per", options.per);

  const policy = buildGcra(base, limit, periodMs, burst);
  if (burst * policy.step >= 2 ** 53 || burst * policy.scale >= 2 ** 53) {
    refuseOption(
      what,
      "burst",
      burst,
      `Together with limit ${limit} per ${periodMs} ms it is too fine to count exactly; use a smaller burst, or a rounder limit.`,
    );
  }
  return policy;
}

/** Makes the policy of options that are known to be good. */
export function buildGcra(
  base: Pick<PolicyBase, "name" | "onStoreError">,
  limit: number,
  periodMs: number,
  burst: number,
): GcraPolicy {
  const periodUs = periodMs * 1_000;
  const divisor = greatestCommonDivisor(limit, periodUs);
  const step = periodUs / divisor;
  const scale = limit / divisor;
  const stepWhole = Math.floor(step / scale);
  const stepRest = step % scale;
  return Object.freeze({
    kind: "gcra",
    ...base,
    id: `g:${base.name}`,
    capacity: burst,
    limit,
    periodMs,
    burst,
    step,
    scale,
    stepWhole,
    stepRest,
    toleranceWhole: burst * stepWhole + Math.floor((burst * stepRest) / scale),
    toleranceRest: (burst * stepRest) % scale,
  });
}

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b);
}
