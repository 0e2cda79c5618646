import { type OptionReader, optionReader } from "@enfilade/layer";
import { CLIENT_GATE_INVALID_OPTION } from "./errors.ts";
import type { Rule } from "./gate.ts";
import { prepareAnswer } from "./refusals.ts";
import { compileConditions, type Effect } from "./rules.ts";
import type { AllowRule, ClientConditions, Refusal, RefuseRule } from "./types.ts";

/** The options of the layer. */
export interface ClientGateOptions {
  /**
   * Rules that let clients in. They come first.
   * @defaultValue none
   */
  readonly allow?: readonly AllowRule[];
  /**
   * Rules that refuse clients. The first one that is about a client decides.
   * @defaultValue none
   */
  readonly refuse?: readonly RefuseRule[];
  /**
   * What becomes of everybody else: let through, refused with 403, or refused as you say.
   * @defaultValue `"pass"`
   */
  readonly otherwise?: "pass" | "refuse" | Refusal;
  /**
   * Logs whom the rules would have refused, and refuses nobody. A rule may have its own.
   * @defaultValue `false`
   */
  readonly dryRun?: boolean;
}

/** What a route may say in `config.clientGate`: rules of its own, which come before the layer's. */
export type RouteClientGate = ClientGateOptions;

/** A rule as it was given, before its keys have been looked at. */
type AnyRule = Partial<AllowRule & RefuseRule>;

const PACKAGE = "@enfilade/client-gate";
const KNOWN = ["allow", "refuse", "otherwise", "dryRun"] as const;
const CONDITIONS = ["userAgent", "address", "requestHeaders", "when"] as const;
const REFUSAL = ["status", "message", "body", "headers"] as const;
const KEYS: Readonly<Record<Effect, readonly string[]>> = {
  allow: ["name", ...CONDITIONS],
  refuse: ["name", ...CONDITIONS, ...REFUSAL, "dryRun"],
};

/** What the rule is called in logs that refuses everybody else. */
export const OTHERWISE = "otherwise";

const NAME = { pattern: /[\w.:/-]{1,64}/, fix: 'Give each rule a name for the log: "old-app".' };

/**
 * Checks the options of a registration, and compiles their rules, in the order of their asking.
 *
 * @throws `CLIENT_GATE_INVALID_OPTION`
 */
export function resolveOptions(options: ClientGateOptions): readonly Rule[] {
  return readGate(options, "");
}

/**
 * Checks what a route says, and compiles its rules.
 *
 * @throws `CLIENT_GATE_INVALID_OPTION`
 */
export function readRouteGate(value: unknown, route: string): readonly Rule[] {
  const where = `config.clientGate of ${route}`;
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    const read = readerOf({ clientGate: value }, where, ["clientGate"]);
    return read.refuse("clientGate", "Give false, or rules: { refuse: [{ name, … }] }.");
  }
  return readGate(value, where);
}

function readGate(options: ClientGateOptions, where: string): readonly Rule[] {
  const read = readerOf(options, where, KNOWN);
  const dryRun = read.boolean("dryRun", false);
  const names = new Set([OTHERWISE]);
  const rulesOf = (effect: Effect): Rule[] =>
    listOf(read, options, effect).map((rule, index) => {
      const place = [where, `${effect}[${index}]`].filter(Boolean).join(", ");
      return readRule(rule, effect, place, dryRun, names);
    });
  const rules = [...rulesOf("allow"), ...rulesOf("refuse")];
  const last = readOtherwise(read, options.otherwise, where, dryRun);
  return last === undefined ? rules : [...rules, last];
}

function listOf(
  read: OptionReader,
  options: ClientGateOptions,
  effect: Effect,
): readonly AnyRule[] {
  const given: unknown = options[effect];
  if (given === undefined) return [];
  const rules: unknown[] = Array.isArray(given) ? [...given] : [undefined];
  const wrong = rules.findIndex((rule) => typeof rule !== "object" || rule === null);
  return wrong === -1
    ? (rules as AnyRule[])
    : read.refuse(effect, "Give an array of rules, each with a name and whom it is about.", wrong);
}

function readRule(
  rule: AnyRule,
  effect: Effect,
  place: string,
  dryRun: boolean,
  names: Set<string>,
): Rule {
  const read = readerOf(rule, place, KEYS[effect]);
  const name = read.string("name", "", NAME);
  if (names.has(name)) read.refuse("name", "Another rule has it; a log must tell them apart.");
  names.add(name);
  if (CONDITIONS.every((part) => rule[part] === undefined)) {
    const fix = `Say whom it is about: ${CONDITIONS.join(", ")}. For everybody there is otherwise.`;
    throw new CLIENT_GATE_INVALID_OPTION(packageAt(place), "userAgent", "undefined", fix);
  }
  const refuse = (part: keyof ClientConditions | keyof Refusal, fix: string, index?: number) =>
    read.refuse(part, fix, index);
  return {
    name,
    effect,
    conditions: compileConditions(rule, refuse),
    answer: effect === "refuse" ? prepareAnswer(rule, refuse) : undefined,
    dryRun: effect === "refuse" && read.boolean("dryRun", dryRun),
  };
}

function readOtherwise(
  read: OptionReader,
  given: unknown,
  where: string,
  dryRun: boolean,
): Rule | undefined {
  if (given === undefined || given === "pass") return undefined;
  const isRefusal = typeof given === "object" && given !== null && !Array.isArray(given);
  if (given !== "refuse" && !isRefusal) {
    return read.refuse(OTHERWISE, 'Give "pass", "refuse", or { status, message, body, headers }.');
  }
  const refusal: Refusal = isRefusal ? given : {};
  const place = [where, OTHERWISE].filter(Boolean).join(", ");
  const own = readerOf(refusal, place, REFUSAL);
  return {
    name: OTHERWISE,
    effect: "refuse",
    conditions: { products: undefined, ranges: undefined, headers: undefined, when: undefined },
    answer: prepareAnswer(refusal, (part, fix) => own.refuse(part, fix)),
    dryRun,
  };
}

function readerOf(options: object, place: string, known: readonly string[]): OptionReader {
  return optionReader(packageAt(place), CLIENT_GATE_INVALID_OPTION, options, known);
}

function packageAt(place: string): string {
  return place === "" ? PACKAGE : `${PACKAGE} (${place})`;
}
