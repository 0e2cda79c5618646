import { LAYER_INVALID_DEFINITION, LAYER_INVALID_REGISTRATION } from "./errors.ts";
import { argumentsOf, PHASES, type Phase } from "./phases.ts";
import { isPlace, PLACES } from "./places.ts";
import { isAsyncFunction } from "./thenable.ts";
import type { LayerRegistration } from "./types.ts";

const NAME = /^[a-z][a-z0-9]*(?:[-:.][a-z0-9]+)*$/;
const NAME_RULE = "Use lower-case words joined by a dash, a dot or a colon.";
const LISTS = ["before", "after", "provides", "requires"] as const;
const REGISTRATION_KEYS: ReadonlySet<string> = new Set(["name", "place", "override", ...LISTS]);

const SETUP_KEYS: ReadonlySet<string> = new Set([...PHASES, "onRoute", "steps", "audit"]);

type Refuse = (why: string, fix: string) => Error;

/** Refuses a definition that could never be put in line. */
export function assertDefinition(definition: LayerRegistration & { setup?: unknown }): void {
  const name = String(definition.name);
  const refuse: Refuse = (why, fix) => new LAYER_INVALID_DEFINITION(name, why, fix);
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
