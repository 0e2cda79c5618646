import type { CalendarSpan } from "./algorithms/budget.ts";
import type { BudgetPolicy } from "./policies/budget.ts";

const HOUR_MS = 3_600_000;
/** No two places on Earth are further apart than 26 hours; the margin is for history. */
const SEARCH_MS = 30 * HOUR_MS;

const spans = new Map<string, CalendarSpan>();
const dates = new Map<string, (ms: number) => number>();

/**
 * Finds the calendar window of a moment and the one after it, both in microseconds.
 *
 * @param nowUs - by the clock that decides, not this process' own
 */
export function calendarSpan({ timeZone, per }: BudgetPolicy, nowUs: number): CalendarSpan {
  const cacheKey = `${per}@${timeZone}`;
  const cached = spans.get(cacheKey);
  if (cached !== undefined && cached.start <= nowUs && nowUs < cached.end) return cached;
  const dateOf = localDate(timeZone);
  /** Where the window of a moment starts, or the one after it. */
  const boundary = (ms: number, later: 0 | 1) => {
    const [year, month, day] = split(dateOf(ms));
    return per === "day"
      ? startOfDate(dateOf, year, month, day + later)
      : startOfDate(dateOf, year, month + later, 1);
  };
  const start = boundary(Math.floor(nowUs / 1_000), 0);
  const end = boundary(start, 1);
  const span = { start: start * 1_000, end: end * 1_000, next: boundary(end, 1) * 1_000 };
  spans.set(cacheKey, span);
  return span;
}

/** The local date as one number that grows with time: 20250131. */
function localDate(timeZone: string): (ms: number) => number {
  const known = dates.get(timeZone);
  if (known !== undefined) return known;
  const format = new Intl.DateTimeFormat("en-u-ca-gregory-nu-latn", {
    timeZone,
    year: "numeric",
    month: "numeric",
    day: "numeric",
  });
  const dateOf = (ms: number) => {
    const parts: Record<string, number> = {};
    for (const { type, value } of format.formatToParts(ms)) parts[type] = Number(value);
    return join(parts.year ?? 0, parts.month ?? 0, parts.day ?? 0);
  };
  dates.set(timeZone, dateOf);
  return dateOf;
}

/**
 * The first moment at which the local date is this one or, where the zone has skipped it, a later
 * one. Found by halving: no zone's date ever goes back, whatever its clocks do at midnight.
 */
function startOfDate(
  dateOf: (ms: number) => number,
  year: number,
  month: number,
  day: number,
): number {
  const middle = Date.UTC(year, month - 1, day);
  const normal = new Date(middle);
  const wanted = join(normal.getUTCFullYear(), normal.getUTCMonth() + 1, normal.getUTCDate());
  let before = middle - SEARCH_MS;
  let after = middle + SEARCH_MS;
  while (after - before > 1) {
    const half = Math.floor((before + after) / 2);
    if (dateOf(half) >= wanted) after = half;
    else before = half;
  }
  return after;
}

function join(year: number, month: number, day: number): number {
  return year * 10_000 + month * 100 + day;
}

function split(date: number): [year: number, month: number, day: number] {
  return [Math.floor(date / 10_000), Math.floor(date / 100) % 100, date % 100];
}
