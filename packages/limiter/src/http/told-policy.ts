import type { Policy } from "../policies/policy.ts";
import type { Verdict } from "../types.ts";

/** A policy as clients are told of it. */
export interface ToldPolicy {
  readonly policy: Policy;
  /** What it counts: `"requests"`, `"tokens"`, `"concurrent-requests"` or a word of your own. */
  readonly unit: string;
  /** Its item of `RateLimit-Policy`. */
  readonly item: string;
}

/** The draft's own default: an item without `qu` counts requests. */
const REQUESTS = "requests";
const DAY_S = 86_400;
/** The largest integer of a structured field (RFC 9651, section 3.3.1). */
const LARGEST = 999_999_999_999_999;

const told = new WeakMap<Policy, Map<string, ToldPolicy>>();

/**
 * Prepares what clients are told of a policy, once for each policy and unit.
 *
 * @param unit - what it counts; concurrency always counts `"concurrent-requests"`
 * @example
 * ```ts
 * const tokens = tellPolicy(strictWindow({ name: "tpm", limit: 90_000, per: "minute" }), "tokens");
 * console.log(tokens.item); // "tpm";q=90000;w=60;qu="tokens"
 * ```
 */
export function tellPolicy(policy: Policy, unit: string = REQUESTS): ToldPolicy {
  const byUnit = told.get(policy) ?? new Map<string, ToldPolicy>();
  const known = byUnit.get(unit);
  if (known !== undefined) return known;
  const own = policy.kind === "concurrency" ? "concurrent-requests" : unit;
  const made = { policy, unit: own, item: itemOf(policy, own) };
  byUnit.set(unit, made);
  told.set(policy, byUnit);
  return made;
}

function itemOf(policy: Policy, unit: string): string {
  const seconds = windowSeconds(policy);
  const window = seconds === undefined ? "" : `;w=${seconds}`;
  const counted = unit === REQUESTS ? "" : `;qu="${unit.replaceAll(/["\\]/g, "\\$&")}"`;
  return `"${policy.name}";q=${fieldInteger(policy.limit)}${window}${counted}`;
}

/** Gives the window in whole seconds; a month, slots, and what is no whole number of seconds have none. */
function windowSeconds(policy: Policy): number | undefined {
  switch (policy.kind) {
    case "gcra":
      return whole(policy.periodMs / 1_000);
    case "strict-window":
      return whole(policy.windowMs / 1_000);
    case "budget":
      return policy.per === "day" ? DAY_S : undefined;
    case "concurrency":
      return undefined;
  }
}

function whole(seconds: number): number | undefined {
  return Number.isInteger(seconds) ? seconds : undefined;
}

/** A number as a structured field may hold it. */
export function fieldInteger(value: number): number {
  return Math.min(LARGEST, Math.max(0, Math.trunc(value)));
}

/** Finds what a decision says of a policy. */
export function verdictOn(name: string, verdicts: readonly Verdict[]): Verdict | undefined {
  for (const verdict of verdicts) if (verdict.policy === name) return verdict;
  return undefined;
}
