import createError, { type FastifyErrorConstructor } from "@fastify/error";
import { describeValue } from "./describe-value.ts";

/** The constructor of a package's error for a bad option. */
export type OptionError = FastifyErrorConstructor<
  { code: string },
  [packageName: string, option: string, received: string, fix: string]
>;

/**
 * Makes the error that a package throws for a bad option: package, option, value received, fix.
 * @example
 * ```ts
 * export const TIMING_INVALID_OPTION = createOptionError("TIMING_INVALID_OPTION");
 * ```
 */
export function createOptionError(code: string): OptionError {
  return createError(code, "%s: the option %s is %s. %s", 500, TypeError);
}

/** Reads options one by one, and refuses the first bad one. Nothing is repaired silently. */
export interface OptionReader {
  /**
   * Refuses an option by hand; or what it holds at an index or a key, which is then named and shown in place of
   * the whole. `-1` is nowhere, as `findIndex` says it.
   */
  refuse(option: string, fix: string, member?: string | number): never;
  /** The reader of the options inside of one that is an object; of none, where it was left out. */
  inside(option: string, known: readonly string[], fix?: string): OptionReader;
  /** `true` or `false`, and nothing that is only like one. */
  boolean(option: string, fallback: boolean): boolean;
  /** A whole number within bounds, both included. */
  integer(option: string, fallback: number, bounds: { min: number; max: number }): number;
  /** A string that a pattern matches in full. */
  string(option: string, fallback: string, rule?: { pattern: RegExp; fix: string }): string;
  /** One of the values. */
  oneOf<const Value extends string>(
    option: string,
    fallback: Value,
    values: readonly Value[],
  ): Value;
  /** An array of strings that are not empty; a copy of the one that was given. */
  strings(option: string, fallback: readonly string[]): readonly string[];
}

/**
 * Reads the options that a plugin was registered with. An unknown option is refused at once: it is
 * almost always a misspelt one, and its default may be the less safe choice.
 *
 * @throws the given error, with package, option, value received and the fix.
 * @example
 * ```ts
 * const read = optionReader("@enfilade/timing", TIMING_INVALID_OPTION, options, ["header", "detail"]);
 * const detail = read.boolean("detail", false);
 * ```
 */
export function optionReader(
  packageName: string,
  OptionError: OptionError,
  options: object,
  known: readonly string[],
): OptionReader {
  const given = options as Readonly<Record<string, unknown>>;
  const refuse = (option: string, fix: string, member?: string | number): never => {
    const value = given[option];
    if (member === undefined || !hasMember(value, member)) {
      throw new OptionError(packageName, option, describeValue(value), fix);
    }
    const part: unknown = Reflect.get(value, member);
    throw new OptionError(packageName, option + step(member), describeValue(part), fix);
  };
  const unknown = Object.keys(given).find((option) => !known.includes(option));
  if (unknown !== undefined) {
    // Not its value: what was misspelt may be a secret.
    throw new OptionError(packageName, unknown, "unknown", `Use one of ${known.join(", ")}.`);
  }

  // Only what was left out has a default: null is a value, and a wrong one.
  const take = (option: string, fallback: unknown): unknown =>
    given[option] === undefined ? fallback : given[option];

  return {
    refuse,
    inside(option, inner, fix = `Give an object with some of ${inner.join(", ")}.`) {
      const value = take(option, {});
      return typeof value === "object" && value !== null && !Array.isArray(value)
        ? optionReader(`${packageName} (${option})`, OptionError, value, inner)
        : refuse(option, fix);
    },
    boolean(option, fallback) {
      const value = take(option, fallback);
      return typeof value === "boolean" ? value : refuse(option, "Give true or false.");
    },
    integer(option, fallback, { min, max }) {
      const value = take(option, fallback);
      const valid = typeof value === "number" && Number.isInteger(value) && min <= value;
      return valid && value <= max
        ? value
        : refuse(option, `Give a whole number from ${min} to ${max}.`);
    },
    string(option, fallback, rule) {
      const value = take(option, fallback);
      if (typeof value !== "string" || value === "") {
        return refuse(option, rule?.fix ?? "Give a string that is not empty.");
      }
      return rule === undefined || matchesWhole(rule.pattern, value)
        ? value
        : refuse(option, rule.fix);
    },
    oneOf(option, fallback, values) {
      const value = take(option, fallback);
      const found = values.find((candidate) => candidate === value);
      return found ?? refuse(option, `Use one of ${values.join(", ")}.`);
    },
    strings(option, fallback) {
      const value = take(option, fallback);
      // A copy: what the caller does to the array later changes nothing, and holes in it are seen.
      const items: unknown[] | undefined = Array.isArray(value) ? [...value] : undefined;
      if (items?.every(isFilled)) return items;
      const wrong = items?.findIndex((item) => !isFilled(item));
      return refuse(option, "Give an array of strings that are not empty.", wrong);
    },
  };
}

function isFilled(item: unknown): item is string {
  return typeof item === "string" && item !== "";
}

/** Tells whether a value has such a member: where one may be given without a list, it has no index. */
function hasMember(value: unknown, member: string | number): value is object {
  if (typeof member === "number") return member !== -1 && Array.isArray(value);
  return typeof value === "object" && value !== null;
}

/** Writes how a member of an option is reached, as in code. */
function step(member: string | number): string {
  if (typeof member === "string" && /^[A-Za-z_$][\w$]*$/.test(member)) return `.${member}`;
  return `[${JSON.stringify(member)}]`;
}

/** Tells whether a pattern matches a value from its first character to its last, whatever its flags and anchors. */
function matchesWhole({ source, flags }: RegExp, value: string): boolean {
  const whole = `(?<![\\s\\S])(?:${source})(?![\\s\\S])`;
  return new RegExp(whole, flags.replace(/[gy]/g, "")).test(value);
}
