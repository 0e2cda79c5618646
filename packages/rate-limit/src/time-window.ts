/** 366 days: longer ones are calendar budgets. */
const LONGEST_MS = 366 * 86_400_000;

const UNITS_MS: Readonly<Record<string, number>> = {
  ms: 1,
  millisecond: 1,
  s: 1_000,
  sec: 1_000,
  second: 1_000,
  m: 60_000,
  min: 60_000,
  minute: 60_000,
  h: 3_600_000,
  hour: 3_600_000,
  d: 86_400_000,
  day: 86_400_000,
};

/** What to give instead of a value that is no length of time. */
export const WINDOW_FIX: string = 'Give milliseconds, or a number and a unit: "1 minute", "10s".';

/** Reads a length of time as whole milliseconds; `undefined` where it is none, or longer than a year. */
export function milliseconds(value: unknown): number | undefined {
  const ms = typeof value === "string" ? read(value) : value;
  const valid = typeof ms === "number" && Number.isInteger(ms) && ms >= 1 && ms <= LONGEST_MS;
  return valid ? ms : undefined;
}

/** One number and one unit: what reads like more (`1h30m`) would be read as less. */
function read(text: string): number | undefined {
  const [, count = "1", unit = ""] = /^(?:(\d{1,9}) ?)?([a-z]+)$/.exec(text) ?? [];
  const singular = unit.length > 2 ? unit.replace(/s$/, "") : unit;
  return Object.hasOwn(UNITS_MS, singular) ? Number(count) * (UNITS_MS[singular] ?? 0) : undefined;
}
