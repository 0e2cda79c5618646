import { refuseOption } from "./invalid-option.ts";

/** A length of time: a number of **milliseconds**, or one of the usual windows by name. */
export type Duration = number | "second" | "minute" | "hour" | "day";

const NAMED_MS = { second: 1_000, minute: 60_000, hour: 3_600_000, day: 86_400_000 } as const;

/** 366 days: longer ones are calendar budgets. */
const LONGEST_MS = 366 * NAMED_MS.day;

/** Reads a duration as whole milliseconds. */
export function milliseconds(what: string, option: string, value: unknown): number {
  const ms = typeof value === "string" && Object.hasOwn(NAMED_MS, value) ? named(value) : value;
  if (typeof ms === "number" && Number.isInteger(ms) && ms >= 1 && ms <= LONGEST_MS) return ms;
  return refuseOption(
    what,
    option,
    value,
    `Give whole milliseconds from 1 to ${LONGEST_MS}, or one of ${Object.keys(NAMED_MS).join(", ")}.`,
  );
}

function named(name: string): number | undefined {
  return NAMED_MS[name as keyof typeof NAMED_MS];
}
