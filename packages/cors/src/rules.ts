import { isThenable } from "@enfilade/layer";
import type { FastifyRequest } from "fastify";
import { CORS_INVALID_VERDICT } from "./errors.ts";
import { isInsecure, isOrigin, NULL_ORIGIN } from "./origin.ts";
import { compilePattern } from "./patterns.ts";
import type { OriginFunction, OriginRule } from "./types.ts";
import { matchesWildcard, readWildcard, type Wildcard } from "./wildcards.ts";

type Verdict = boolean | Promise<boolean>;

/** The origins of a policy, ready to be asked. */
export interface OriginRules {
  /** Judges an origin as it came with a request. Anything that is no origin is refused unasked. */
  decide(origin: string, request: FastifyRequest): Verdict;
  readonly listsNull: boolean;
  /** The first listed origin that plain HTTP leaves to whoever sits on the network. */
  readonly insecure: string | undefined;
  readonly patterns: readonly RegExp[];
  readonly functions: readonly OriginFunction[];
}

/** How a rule that cannot be used is refused. */
export interface Refusals {
  invalid(fix: string, index: number): never;
  unsafe(pattern: RegExp): never;
}

/** Checks the rules of a policy and prepares them. */
export function compileRules(rules: readonly OriginRule[], refuse: Refusals): OriginRules {
  const exact = new Set<string>();
  const wildcards: Wildcard[] = [];
  const patterns: RegExp[] = [];
  const functions: OriginFunction[] = [];
  for (const [index, rule] of rules.entries()) {
    const invalid = (fix: string) => refuse.invalid(fix, index);
    if (typeof rule === "function") functions.push(rule);
    else if (rule instanceof RegExp) patterns.push(readPattern(rule, invalid, refuse.unsafe));
    else if (typeof rule !== "string") invalid(KINDS);
    else if (rule.includes("*")) wildcards.push(readWildcard(rule) ?? invalid(STAR));
    else exact.add(readExact(rule, invalid));
  }
  const onlyExact = wildcards.length + patterns.length + functions.length === 0;
  return {
    decide(origin, request) {
      if (exact.has(origin)) return true;
      if (onlyExact || origin === NULL_ORIGIN || !isOrigin(origin)) return false;
      if (wildcards.some((wildcard) => matchesWildcard(wildcard, origin))) return true;
      if (patterns.some((pattern) => pattern.test(origin))) return true;
      return functions.length > 0 && ask(functions, origin, request);
    },
    listsNull: exact.has(NULL_ORIGIN),
    insecure: rules.filter((rule) => typeof rule === "string").find(isInsecure),
    patterns,
    functions,
  };
}

const KINDS =
  'Give origins such as "https://app.example", "https://*.app.example", regular expressions or functions.';
const STAR =
  'A star stands for subdomains, before two labels at least: "https://*.example.com". For everybody, give "*" alone.';

function readExact(rule: string, invalid: (fix: string) => never): string {
  if (rule === NULL_ORIGIN || isOrigin(rule)) return rule;
  const meant = URL.canParse(rule) ? new URL(rule).origin : NULL_ORIGIN;
  return invalid(
    isOrigin(meant)
      ? `Write it as browsers send it: "${meant}".`
      : "It is no origin; give scheme and host, and the port if it is not the scheme's own.",
  );
}

function readPattern(
  rule: RegExp,
  invalid: (fix: string) => never,
  unsafe: Refusals["unsafe"],
): RegExp {
  const compiled = compilePattern(rule);
  if (compiled === "flags") return invalid("Of flags, a pattern may have i, u and v.");
  return compiled === "unsafe" ? unsafe(rule) : compiled;
}

/** Asks one function after the other, and waits only where one makes it wait. */
function ask(
  functions: readonly OriginFunction[],
  origin: string,
  request: FastifyRequest,
  from = 0,
): Verdict {
  for (let index = from; index < functions.length; index++) {
    const verdict: unknown = functions[index]?.(origin, request);
    if (verdict === true) return true;
    if (isThenable(verdict)) {
      return Promise.resolve(verdict).then(
        (later) => check(later) || ask(functions, origin, request, index + 1),
      );
    }
    check(verdict);
  }
  return false;
}

// Truthy is not true: a callback-style function gives undefined, one that looks an origin up gives a record.
function check(verdict: unknown): boolean {
  if (typeof verdict === "boolean") return verdict;
  throw new CORS_INVALID_VERDICT(verdict === null ? "null" : typeof verdict);
}
