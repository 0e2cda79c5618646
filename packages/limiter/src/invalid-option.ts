import { LIMITER_INVALID_OPTION } from "./errors.ts";

/** Refuses an option: what was being made, the option, the value received, the fix. */
export function refuseOption(what: string, option: string, value: unknown, fix: string): never {
  throw new LIMITER_INVALID_OPTION(what, option, describe(value), fix);
}

/** Refuses what are no options, and one that is not known: a misspelt one, as a rule, whose default may be laxer. */
export function refuseUnknown(what: string, options: unknown, known: readonly string[]): void {
  if (typeof options !== "object" || options === null) {
    refuseOption(what, "object", options, `Give one with some of ${known.join(", ")}.`);
  }
  const unknown = Object.keys(options).find((option) => !known.includes(option));
  if (unknown === undefined) return;
  // Not its value: what was misspelt may be a secret.
  throw new LIMITER_INVALID_OPTION(what, unknown, "unknown", `Use one of ${known.join(", ")}.`);
}

/** Reads a whole number within bounds, both included. */
export function wholeNumber(
  what: string,
  option: string,
  value: unknown,
  { min, max }: { min: number; max: number },
): number {
  if (typeof value === "number" && Number.isSafeInteger(value) && value >= min && value <= max) {
    return value;
  }
  return refuseOption(what, option, value, `Give a whole number from ${min} to ${max}.`);
}

function describe(value: unknown): string {
  if (typeof value === "function") return "a function";
  if (typeof value === "object" && value !== null) return "an object";
  const text = typeof value === "string" ? JSON.stringify(value) : String(value);
  return text.length > 60 ? `${text.slice(0, 60)}…` : text;
}
