import { describeValue } from "./describe-value.ts";
import { LAYER_INVALID_DEFINITION, LAYER_INVALID_REGISTRATION } from "./errors.ts";
import { isPlugin } from "./foreign.ts";
import { argumentsOf, PHASES, type Phase } from "./phases.ts";
import { isPlace, PLACES } from "./places.ts";
import { isAsyncFunction, isThenable } from "./thenable.ts";
import type { LayerRegistration } from "./types.ts";

const NAME = /^[a-z][a-z0-9]*(?:[-:.][a-z0-9]+)*$/;
const NAME_RULE = "Use lower-case words joined by a dash, a dot or a colon.";
const LISTS = ["before", "after", "provides", "requires"] as const;
const REGISTRATION_KEYS: ReadonlySet<string> = new Set(["name", "place", "override", ...LISTS]);
const ADOPTION_KEYS: ReadonlySet<string> = new Set(["name", "place", "notFound", ...LISTS]);
const DEFINITION_KEYS: ReadonlySet<string> = new Set([
  "name",
  "place",
  "setup",
  "plugin",
  ...LISTS,
]);
const SETUP_KEYS: ReadonlySet<string> = new Set([...PHASES, "onRoute", "steps", "audit"]);

type Refuse = (why: string, fix: string) => Error;

/** Refuses what is no plugin, and options that do not say where it stands. */
export function assertAdoption(plugin: unknown, adoption: unknown): void {
  assertGiven("the second argument of adopt", adoption, "Call adopt(plugin, { name, place }).");
  const refuse = refusalOf(adoption);
  assertKnown(adoption, ADOPTION_KEYS, "", refuse);
  if (isPlugin(plugin)) return;
  const kind = isThenable(plugin) ? "a promise" : describeValue(plugin);
  throw refuse(`its plugin is ${kind}`, "Give a plugin's function; await an import() of it first.");
}

/** Refuses a definition that could never be put in line. */
export function assertDefinition(definition: LayerRegistration & { setup?: unknown }): void {
  assertGiven("its definition", definition, "Call defineLayer({ name, place, setup }).");
  const refuse = refusalOf(definition);
  assertKnown(definition, DEFINITION_KEYS, "; setup returns the hooks", refuse);
  assertName(definition.name, refuse);
  assertPlace(definition.place, refuse);
  assertLists(definition, refuse);
  if (typeof definition.setup !== "function") {
    throw refuse("it has no setup", "Give a function that returns the hooks.");
  }
}

/** Refuses what a setup returns when part of it would never run, or would run otherwise than it was written. */
export function assertSetup(layer: string, setup: unknown): void {
  const refuse: Refuse = (why, fix) => new LAYER_INVALID_DEFINITION(layer, why, fix);
  if (typeof setup !== "object" || setup === null) {
    throw refuse(`its setup returns ${String(setup)}`, "Return the hooks, or {} for none.");
  }
  for (const [key, value] of Object.entries(setup)) {
    if (!SETUP_KEYS.has(key)) {
      throw refuse(`its setup returns ${key}`, `Use one of ${[...SETUP_KEYS].join(", ")}.`);
    }
    if (value === undefined || key === "steps") continue;
    if (typeof value !== "function") {
      throw refuse(`its ${key} is ${typeof value}`, "Give a function.");
    }
    if ((PHASES as readonly string[]).includes(key)) assertHook(key as Phase, value, refuse);
  }
}

function assertHook(phase: Phase, hook: object & { length?: unknown }, refuse: Refuse): void {
  if (Number(hook.length) > argumentsOf(phase)) {
    throw refuse(`its ${phase} takes a callback`, "Return when it is done, or a promise.");
  }
  if (phase === "onHeaders" && isAsyncFunction(hook)) {
    throw refuse("its onHeaders is async", "Headers do not wait: do what takes time in onSend.");
  }
}

/** Refuses a prefix where Fastify would ignore it without a word: a layer has no routes of its own. */
export function assertNoPrefix(layer: string, options: object): void {
  if (!("prefix" in options)) return;
  throw new LAYER_INVALID_REGISTRATION(
    layer,
    "a prefix has no effect on it",
    "Register it inside a plugin that is registered with that prefix.",
  );
}

/** Refuses what a registration adds when it cannot be obeyed. */
export function assertRegistration(layer: string, registration: LayerRegistration): void {
  const refuse: Refuse = (why, fix) => new LAYER_INVALID_REGISTRATION(layer, why, fix);
  if (typeof registration !== "object" || registration === null) {
    throw refuse(`layer is ${typeof registration}`, 'Give an object such as { before: ["gate"] }.');
  }
  for (const key of Object.keys(registration)) {
    if (REGISTRATION_KEYS.has(key)) continue;
    throw refuse(`layer.${key} is unknown`, `Use one of ${[...REGISTRATION_KEYS].join(", ")}.`);
  }
  if (registration.name !== undefined) assertName(registration.name, refuse);
  if (registration.place !== undefined) assertPlace(registration.place, refuse);
  assertLists(registration, refuse);
}

function assertGiven(
  what: string,
  given: unknown,
  fix: string,
): asserts given is LayerRegistration {
  if (typeof given === "object" && given !== null) return;
  throw new LAYER_INVALID_DEFINITION("without a name", `${what} is ${describeValue(given)}`, fix);
}

function refusalOf({ name }: LayerRegistration): Refuse {
  return (why, fix) => new LAYER_INVALID_DEFINITION(String(name), why, fix);
}

function assertKnown(
  given: object,
  known: ReadonlySet<string>,
  more: string,
  refuse: Refuse,
): void {
  const odd = Object.keys(given).find((key) => !known.has(key));
  if (odd !== undefined)
    throw refuse(`its ${odd} is unknown`, `Use ${[...known].join(", ")}${more}.`);
}

function assertName(name: unknown, refuse: Refuse): void {
  if (typeof name !== "string" || !NAME.test(name)) {
    throw refuse(`its name is ${JSON.stringify(name)}`, NAME_RULE);
  }
  if (isPlace(name)) throw refuse("its name is the name of a place", "Choose another name.");
}

function assertPlace(place: unknown, refuse: Refuse): void {
  if (isPlace(place)) return;
  throw refuse(`${JSON.stringify(place)} is no place`, `Use one of ${PLACES.join(", ")}.`);
}

function assertLists(lists: LayerRegistration, refuse: Refuse): void {
  for (const key of LISTS) {
    const list: unknown = lists[key];
    if (list === undefined) continue;
    if (!Array.isArray(list) || list.some((item) => typeof item !== "string" || item === "")) {
      throw refuse(`${key} is ${JSON.stringify(list)}`, "Give an array of names.");
    }
  }
}
