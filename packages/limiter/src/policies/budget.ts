import { refuseOption, refuseUnknown, wholeNumber } from "../invalid-option.ts";
import {
  LARGEST_LIMIT,
  POLICY_OPTIONS,
  type PolicyBase,
  type PolicyOptions,
  readBase,
} from "./policy.ts";

/** The calendar window of a budget. */
export type CalendarWindow = "day" | "month";

/** Options of {@link budget}. */
export interface BudgetOptions extends PolicyOptions {
  /** The most that one calendar window admits. Money in its smallest unit, such as micro-dollars. */
  readonly limit: number;
  readonly per: CalendarWindow;
  /** An IANA time zone: whose midnight it is. @defaultValue `"UTC"` */
  readonly timeZone?: string;
}

/** So much per calendar day or month, made by {@link budget}. */
export interface BudgetPolicy extends PolicyBase {
  readonly kind: "budget";
  readonly limit: number;
  readonly per: CalendarWindow;
  readonly timeZone: string;
}

/**
 * So much per calendar day or month, in a time zone: days of 23 and 25 hours are days.
 *
 * A window has edges: just before and just after midnight a caller may spend two budgets.
 *
 * @throws LIMITER_INVALID_OPTION
 * @example
 * ```ts
 * const dollars = budget({ name: "micro-usd", limit: 50_000_000, per: "month", timeZone: "Europe/Berlin" });
 * ```
 */
export function budget(options: BudgetOptions): BudgetPolicy {
  const what = "budget";
  refuseUnknown(what, options, [...POLICY_OPTIONS, "limit", "per", "timeZone"]);
  // Money that is not counted is gone: a budget stays shut while nobody can count.
  const base = readBase(what, options, "closed");
  const limit = wholeNumber(what, "limit", options.limit, { min: 1, max: LARGEST_LIMIT });
  const per: unknown = options.per;
  if (per !== "day" && per !== "month") {
    return refuseOption(what, "per", per, 'Use "day" or "month"; for others, strictWindow.');
  }
  const { timeZone: given = "UTC" } = options;
  const timeZone = canonicalTimeZone(what, given);
  return Object.freeze({
    kind: "budget",
    ...base,
    id: `b${per === "day" ? "d" : "m"}@${timeZone}:${base.name}`,
    capacity: limit,
    limit,
    per,
    timeZone,
  });
}

/** One spelling for each zone, so that "utc" and "UTC" share a counter. */
function canonicalTimeZone(what: string, timeZone: unknown): string {
  try {
    if (typeof timeZone !== "string") throw new RangeError("not a string");
    return new Intl.DateTimeFormat("en", { timeZone }).resolvedOptions().timeZone;
  } catch {
    return refuseOption(what, "timeZone", timeZone, 'Give an IANA name, such as "Europe/Berlin".');
  }
}
