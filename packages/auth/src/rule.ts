import { describeValue, type OptionError } from "@enfilade/layer";
import { createRequirement, type Requirement } from "./scopes.ts";
import type { Access, OwnerCheck } from "./types.ts";

/** A rule of access, prepared. */
export interface Rule {
  readonly all: readonly Requirement[];
  readonly any: readonly Requirement[];
  readonly ownerParam: string | undefined;
  readonly ownerCheck: OwnerCheck | undefined;
}

const ANYBODY: Rule = { all: [], any: [], ownerParam: undefined, ownerCheck: undefined };
const KNOWN: ReadonlySet<string> = new Set(["scopes", "any", "owner"]);

/** How a bad rule is refused. */
export interface Refusal {
  readonly Error: OptionError;
  readonly packageName: string;
}

/**
 * Prepares a rule. With the parameters of its route, those that it names are looked for.
 *
 * @throws the given error, naming what is wrong.
 */
export function createRule(access: Access, refusal: Refusal, known?: readonly string[]): Rule {
  const refuseAs = (option: string, shown: string, fix: string): never => {
    throw new refusal.Error(refusal.packageName, option, shown, fix);
  };
  const refuse = (option: string, received: unknown, fix: string) =>
    refuseAs(option, describeValue(received), fix);
  if (access === "authenticated") return ANYBODY;
  if (typeof access !== "object" || access === null || Array.isArray(access)) {
    return refuse("access", access, 'Give { scopes, any, owner }, or "authenticated".');
  }
  const odd = Object.keys(access).find((key) => !KNOWN.has(key));
  if (odd !== undefined) refuseAs(`access.${odd}`, "unknown", "Use scopes, any, owner.");

  const read = (option: "scopes" | "any"): Requirement[] => {
    const { [option]: given = [] } = access;
    if (!Array.isArray(given)) refuse(`access.${option}`, given, "Give an array of scopes.");
    return given.map((text, index) => {
      const requirement = createRequirement(text);
      return (
        requirement ??
        refuse(
          `access.${option}[${index}]`,
          text,
          "A scope is visible ASCII without quotes and spaces.",
        )
      );
    });
  };
  const all = read("scopes");
  const any = read("any");
  const { owner } = access;
  if (owner !== undefined && typeof owner !== "function" && (typeof owner !== "string" || !owner)) {
    refuse("access.owner", owner, "Name a parameter of the route, or give a function.");
  }
  if (all.length + any.length === 0 && owner === undefined) {
    refuse(
      "access",
      access,
      'It asks for nothing; say "authenticated" if all principals may call.',
    );
  }
  const ownerParam = typeof owner === "string" ? owner : undefined;
  const named = [...all, ...any].flatMap(({ params }) => params).concat(ownerParam ?? []);
  const unknown = known && named.find((name) => !known.includes(name));
  if (unknown !== undefined) refuse("access", unknown, "The route has no parameter of this name.");
  return { all, any, ownerParam, ownerCheck: typeof owner === "function" ? owner : undefined };
}

/** Gives the names of the parameters in a route's pattern. */
export function paramsOf(url: string): string[] {
  const names = [...url.matchAll(/:([A-Za-z0-9_$]+)/g)].map((match) => match[1] as string);
  return url.includes("*") ? [...names, "*"] : names;
}
