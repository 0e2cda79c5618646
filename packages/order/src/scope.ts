import type { PlacedLayer } from "@enfilade/layer/arranging";
import type { FastifyInstance } from "fastify";
import type { Plan } from "./plan.ts";

/** A layer in the scope where it was registered. */
export interface Member {
  readonly layer: PlacedLayer;
  readonly scope: Scope;
}

/** The response phases in which a user's own hooks must come before the layers. */
export const TAIL_PHASES = ["preSerialization", "onSend"] as const;
export type TailPhase = (typeof TAIL_PHASES)[number];

/**
 * Which hook runs the layers of a route in each of these phases: the line's first one, where no hook of a user's
 * own would have to come before them; the route's last one; or the one behind the last hook of the scope, where
 * the line has not seen the route.
 */
export type Tails = Record<TailPhase, "first" | "route" | "scope">;

/** One Fastify encapsulation context. */
export interface Scope {
  /** A name for people: the plugin's, or the prefix, or a number. */
  readonly name: string;
  readonly prefix: string;
  readonly parent: Scope | undefined;
  readonly depth: number;
  readonly instance: FastifyInstance;
  readonly members: Member[];
  /** The names of the layers that this scope leaves out, in itself and below. */
  readonly skips: Set<string>;
  /** The inbound phases in which the line's hook stands before this instance's own. */
  readonly preceded: Set<string>;
  /** The number of the last hook of a user's own, by phase; 0 without any. */
  readonly lastHook: Record<TailPhase, number>;
  /** The plan of every route in this scope, where they all have the same one: reading a route's own takes longer. */
  plan: Plan | undefined;
  /** The same for HEAD, whose routes have a hook of Fastify's own. */
  headPlan: Plan | undefined;
}

const kScope: unique symbol = Symbol("enfilade.scope");

interface Scoped {
  [kScope]?: Scope;
}

/** Gives the scope of an instance; made, with all its ancestors, the first time it is asked for. */
export function scopeOf(instance: FastifyInstance & Scoped): Scope {
  const nearest = instance[kScope];
  // Requests ask for their own instance; a plugin that is adopted for what stands in its place.
  if (nearest?.instance === instance) return nearest;
  if (nearest !== undefined && Object.hasOwn(instance, kScope)) return nearest;
  const above = Object.getPrototypeOf(instance) as FastifyInstance | null;
  // The root's prototype is a plain object: it cannot register anything.
  const parent = above !== null && "register" in above ? scopeOf(above) : undefined;
  const scope: Scope = {
    name: nameOf(instance, parent),
    prefix: instance.prefix,
    parent,
    depth: parent === undefined ? 0 : parent.depth + 1,
    instance,
    members: [],
    skips: new Set(),
    preceded: new Set(),
    lastHook: { preSerialization: 0, onSend: 0 },
    plan: undefined,
    headPlan: undefined,
  };
  instance[kScope] = scope;
  return scope;
}

/** Gives a scope and its ancestors, outermost first. */
export function pathOf(scope: Scope): Scope[] {
  return scope.parent === undefined ? [scope] : [...pathOf(scope.parent), scope];
}

/** Tells whether a user has added hooks of a phase to a scope or to one of its ancestors. */
export function hasHooksAbove(scope: Scope, phase: TailPhase): boolean {
  for (let at: Scope | undefined = scope; at !== undefined; at = at.parent) {
    if (at.lastHook[phase] > 0) return true;
  }
  return false;
}

/** Tells whether `outer` is `inner` itself or one of its ancestors. */
export function reaches(outer: Scope, inner: Scope): boolean {
  return pathOf(inner).includes(outer);
}

/** Fastify names an anonymous plugin by its source text, which tells a reader nothing. */
function nameOf(instance: FastifyInstance, parent: Scope | undefined): string {
  if (parent === undefined) return "root";
  const [name = ""] = instance.pluginName.split(" -> ");
  if (/^[@\w./-]+$/.test(name) && !name.startsWith("/")) return name;
  return instance.prefix === parent.prefix ? "anonymous" : instance.prefix;
}
