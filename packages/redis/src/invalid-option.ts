import { REDIS_INVALID_OPTION } from "./errors.ts";

/** Refuses an option: what was being made, the option, the value received, the fix. */
export function refuseOption(what: string, option: string, value: unknown, fix: string): never {
  return refuseAs(what, option, describe(value), fix);
}

/** Refuses an option whose value is not shown, but told of. */
export function refuseAs(what: string, option: string, told: string, fix: string): never {
  throw new REDIS_INVALID_OPTION(what, option, told, fix);
}

/** Shows a value in an error: never the contents of an object, which may hold a password. */
export function describe(value: unknown): string {
  if (typeof value === "function") return "a function";
  if (typeof value === "object" && value !== null) return "an object";
  const text = typeof value === "string" ? JSON.stringify(value) : String(value);
  return text.length > 60 ? `${text.slice(0, 60)}…` : text;
}

/** Shows as much of what should be a URL as cannot be a password: a host with its port, or the scheme. */
export function describeUrl(value: unknown): string {
  if (typeof value !== "string" || value === "") return describe(value);
  if (/^[\w.-]+:\d{1,5}$/.test(value)) return JSON.stringify(value);
  const [, scheme] = /^([a-z][a-z0-9+.-]*:\/\/)./i.exec(value) ?? [];
  return scheme === undefined ? "not a URL" : `"${scheme}…"`;
}
