import { REDIS_INVALID_OPTION } from "./errors.ts";

/** Refuses an option: what was being made, the option, the value received, the fix. */
export function refuseOption(what: string, option: string, value: unknown, fix: string): never {
  throw new REDIS_INVALID_OPTION(what, option, describe(value), fix);
}

/** Shows a value in an error: never the contents of an object, which may hold a password. */
export function describe(value: unknown): string {
  if (typeof value === "function") return "a function";
  if (typeof value === "object" && value !== null) return "an object";
  const text = typeof value === "string" ? JSON.stringify(value) : String(value);
  return text.length > 60 ? `${text.slice(0, 60)}…` : text;
}
