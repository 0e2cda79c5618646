import { validateHeaderName } from "node:http";
import type { HeaderMatcher } from "./types.ts";

/** What the value of one header must be. */
export interface HeaderTest {
  readonly name: string;
  readonly kind: "present" | "absent" | "value" | "start";
  readonly values: readonly string[];
}

/** Why a matcher cannot be used. */
export type HeaderFault = (name: string, why: string) => never;

/** Reads the headers of a rule. Their values are not shown in an error: one of them may be a secret. */
export function parseHeaderTests(
  given: Readonly<Record<string, HeaderMatcher>>,
  refuse: HeaderFault,
): readonly HeaderTest[] {
  return Object.entries(given).map(([name, matcher]) => {
    if (!isHeaderName(name)) return refuse(name, "is no name of a header");
    return { name: name.toLowerCase(), ...(parseMatcher(matcher) ?? refuse(name, MATCHERS)) };
  });
}

const MATCHERS = 'needs true, false, a value, a list of values, or { startsWith: "…" }';

function isHeaderName(name: string): boolean {
  try {
    validateHeaderName(name);
    return true;
  } catch {
    return false;
  }
}

function parseMatcher(matcher: unknown): Omit<HeaderTest, "name"> | undefined {
  if (matcher === true) return { kind: "present", values: [] };
  if (matcher === false) return { kind: "absent", values: [] };
  if (typeof matcher === "string") return valuesOf("value", [matcher]);
  if (Array.isArray(matcher)) return valuesOf("value", matcher);
  const { startsWith, ...unknown } = Object(matcher) as Record<string, unknown>;
  return Object.keys(unknown).length === 0 ? valuesOf("start", [startsWith]) : undefined;
}

function valuesOf(
  kind: "value" | "start",
  values: readonly unknown[],
): Omit<HeaderTest, "name"> | undefined {
  // Node takes white space off both ends: a value that has some is never met.
  const valid = values.every(
    (value): value is string => typeof value === "string" && value !== "" && value === value.trim(),
  );
  return valid && values.length > 0 ? { kind, values: [...values] } : undefined;
}

/**
 * Tells whether a header is what a rule wants. A client may send a header twice, or a list: to be refused, one of
 * its items is enough; to be let in, it must be the whole.
 */
export function matchesHeader(
  { kind, values }: HeaderTest,
  received: string | readonly string[] | undefined,
  effect: "allow" | "refuse",
): boolean {
  if (received === undefined) return kind === "absent";
  if (kind === "absent" || kind === "present") return kind === "present";
  const whole = typeof received === "string" ? received : received.join(", ");
  const candidates =
    effect === "refuse" && whole.includes(",")
      ? [whole, ...whole.split(",").map((item) => item.trim())]
      : [whole];
  return candidates.some((candidate) =>
    kind === "value"
      ? values.includes(candidate)
      : values.some((value) => candidate.startsWith(value)),
  );
}

/** Tells whether every request that passes one test passes another of the same header as well. */
export function coversHeader(outer: HeaderTest, inner: HeaderTest): boolean {
  if (outer.kind === "absent" || inner.kind === "absent") return outer.kind === inner.kind;
  if (outer.kind === "present") return true;
  if (inner.kind === "present") return false;
  if (outer.kind === "value" && inner.kind === "start") return false;
  return inner.values.every((value) =>
    outer.kind === "value"
      ? outer.values.includes(value)
      : outer.values.some((start) => value.startsWith(start)),
  );
}
