import { AUTH_INVALID_OPTION } from "./errors.ts";
import { createRule, paramsOf, type Rule } from "./rule.ts";
import type { Access, AccessRule } from "./types.ts";

/**
 * Rules by `METHOD /path`. The method may be `*`; a part of the path may be `:name` or `*`, and a `*` at the
 * end is all the rest. `{name}` in a scope is the parameter of the key, whatever the route calls it.
 */
export type RuleMap = Readonly<Record<string, Access | "public">>;

/** One line of the map, prepared. */
export interface MappedRule {
  readonly key: string;
  readonly method: string;
  readonly parts: readonly string[];
  readonly access: Access | "public";
}

const KEY = /^([A-Z]+|\*) (\/\S*)$/;
const PARAMETER = /^:([A-Za-z0-9_$]+)/;

/**
 * Prepares a map of rules.
 *
 * @throws `AUTH_INVALID_OPTION` naming the line.
 */
export function createRuleMap(map: RuleMap): readonly MappedRule[] {
  return Object.entries(map).map(([key, access]) => {
    const [, method, path] = KEY.exec(key) ?? [];
    if (method === undefined || path === undefined) {
      const fix = 'A key is a method and a path: "POST /agents/:id/runs".';
      throw new AUTH_INVALID_OPTION("@enfilade/auth", "rules", JSON.stringify(key), fix);
    }
    if (access !== "public") createRule(access, refusalOf(key), paramsOf(path));
    return { key, method, parts: partsOf(path), access };
  });
}

/**
 * Finds the line for a route by its pattern, never by what a request wrote: the most particular one, part
 * by part from the left; of two alike, the one that names the method. HEAD goes by the rule for GET where it
 * has none.
 */
export function findMapped(
  map: readonly MappedRule[],
  method: string,
  url: string,
): MappedRule | undefined {
  const parts = partsOf(url);
  let best: { readonly mapped: MappedRule; readonly rank: string } | undefined;
  for (const mapped of map) {
    const particular = methodRank(mapped.method, method);
    const rank = rankOf(mapped.parts, parts);
    if (particular === undefined || rank === undefined) continue;
    const full = `${rank}${particular}`;
    if (best === undefined || full > best.rank) best = { mapped, rank: full };
  }
  return best?.mapped;
}

/** Makes the rule of a line for one route; `undefined` when the line says that the route is public. */
export function ruleFor({ key, parts, access }: MappedRule, url: string): Rule | undefined {
  if (access === "public") return undefined;
  if (access === "authenticated") return createRule(access, refusalOf(key));
  const actual = partsOf(url);
  const names = new Map<string, string>();
  for (const [index, part] of parts.entries()) {
    const own = PARAMETER.exec(part)?.[1];
    const theirs = PARAMETER.exec(actual[index] ?? "")?.[1];
    if (own !== undefined && theirs !== undefined) names.set(own, theirs);
  }
  return createRule(renamed(access, names), refusalOf(key), paramsOf(url));
}

/** Lets a rule name the parameters as the route does. */
function renamed(access: AccessRule, names: ReadonlyMap<string, string>): AccessRule {
  const scope = (text: string) =>
    text.replaceAll(/\{([^{}]+)\}/g, (_all, name: string) => `{${names.get(name) ?? name}}`);
  const { scopes = [], any = [], owner } = access;
  return {
    scopes: scopes.map(scope),
    any: any.map(scope),
    ...(owner !== undefined && {
      owner: typeof owner === "string" ? (names.get(owner) ?? owner) : owner,
    }),
  };
}

function methodRank(ruled: string, method: string): number | undefined {
  if (ruled === method) return 2;
  if (ruled === "GET" && method === "HEAD") return 1;
  return ruled === "*" ? 0 : undefined;
}

/**
 * Ranks a match, one digit for each part: 3 for the same word, 2 for a parameter, 1 for a wildcard. A word
 * does not match a parameter: a rule for one value of it would never be asked.
 */
function rankOf(pattern: readonly string[], parts: readonly string[]): string | undefined {
  let rank = "";
  for (const [index, part] of pattern.entries()) {
    const actual = parts[index];
    if (actual === undefined) return undefined;
    if (part === "*") {
      rank += "1";
      if (index === pattern.length - 1) return rank;
    } else if (part.startsWith(":") && actual.startsWith(":")) rank += "2";
    else if (part === actual) rank += "3";
    else return undefined;
  }
  return pattern.length === parts.length ? rank : undefined;
}

function partsOf(path: string): string[] {
  return path.slice(1).split("/");
}

function refusalOf(key: string) {
  return { Error: AUTH_INVALID_OPTION, packageName: `@enfilade/auth, rules["${key}"]` };
}
