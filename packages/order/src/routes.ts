import { PHASES, type RouteView } from "@enfilade/layer";
import { type FastifyPhase, isFastifyPhase } from "@enfilade/layer/arranging";
import type { RouteOptions } from "fastify";
import { type Constraints, nameOfConstraints } from "./constraints.ts";
import type { Plan, RouteSteps } from "./plan.ts";
import type { Member, Scope, Tails } from "./scope.ts";

/** What the line reads of a route's `config`. */
export interface LineConfig {
  readonly public?: boolean | undefined;
  readonly skip?: readonly string[] | undefined;
  readonly access?: unknown;
}

/** One route, or one scope's not-found handler, and what the line makes of it. */
export interface Route {
  readonly kind: "route" | "not-found";
  readonly methods: readonly string[];
  readonly url: string;
  readonly scope: Scope;
  /** Live: other plugins may still change them while the app boots. */
  readonly options: RouteView["options"];
  /** How many hooks it was declared with. */
  readonly hooks: HookCounts;
  /** What each layer has for this route alone. */
  steps: RouteSteps;
  /** False for a route that was declared before the line was there to see it. */
  readonly known: boolean;
  /** Decided when Fastify reads the hooks of the route, when all is loaded. */
  readonly tails: Tails;
  line: RouteLine | undefined;
}

/** How many hooks of each phase the options of a route hold. */
export type HookCounts = ReadonlyMap<FastifyPhase, number>;

const NO_HOOKS: HookCounts = new Map();

const FASTIFY_PHASES = PHASES.filter(isFastifyPhase);

/** Counts the hooks in the options of a route; no map is made where there are none. */
export function countHooks(
  options: RouteView["options"],
  counts: (hook: object) => boolean = () => true,
): HookCounts {
  let found: Map<FastifyPhase, number> | undefined;
  for (const phase of FASTIFY_PHASES) {
    const hooks = options[phase];
    if (hooks === undefined) continue;
    const count = [hooks].flat().filter(counts).length;
    if (count > 0) found = (found ?? new Map()).set(phase, count);
  }
  return found ?? NO_HOOKS;
}

/** Most routes have nothing of their own. */
export const NO_STEPS: RouteSteps = new Map();

/** A solved and compiled route. */
export interface RouteLine {
  readonly doors: readonly Member[];
  readonly leftOut: readonly LeftOut[];
  readonly plan: Plan;
}

/** A layer that reaches the scope of a route, but not the route. */
export interface LeftOut {
  readonly layer: string;
  readonly scope: string;
  readonly why: string;
}

/** Gives the config of a route, empty where it has none. */
export function configOf(route: Pick<Route, "options">): LineConfig {
  return (route.options.config ?? {}) as LineConfig;
}

/** Gives the constraints of a route; Fastify reads them when every other plugin has seen its options. */
export function constraintsOf({ options }: Pick<Route, "options">): Constraints {
  return options.constraints ?? {};
}

/** Names a route as people do. */
export function nameOfRoute(
  route: Pick<Route, "kind" | "methods" | "url" | "scope" | "options">,
): string {
  return route.kind === "route"
    ? `${route.methods.join(",")} ${route.url}${nameOfConstraints(constraintsOf(route))}`
    : `not found${route.scope.prefix === "" ? "" : ` below ${route.scope.prefix}`}`;
}

const kRoute: unique symbol = Symbol("enfilade.route");

/**
 * Leaves a route's mark in its config, which Fastify copies to where a request can find it. A plugin may put
 * another config in the place of the one that the route was declared with.
 */
export function markRoute(options: RouteOptions, route: Route): void {
  const marked = (config: object | undefined) => ({ ...config, [kRoute]: route });
  let config = marked(options.config);
  Object.defineProperty(options, "config", {
    enumerable: true,
    configurable: true,
    get: () => config,
    set(value: object | undefined) {
      config = marked(value);
    },
  });
}

/** Finds the route that left its mark in a config. */
export function routeOf(config: object): Route | undefined {
  return Reflect.get(config, kRoute);
}

/** Makes a route of what a request knows of one that was declared before the line was there. */
export function earlyRoute(
  scope: Scope,
  config: object,
  method: RouteOptions["method"] = [],
  url: string,
): Route {
  return {
    kind: "route",
    methods: [method].flat(),
    url,
    scope,
    options: { method, url, config, handler() {} },
    hooks: NO_HOOKS,
    steps: NO_STEPS,
    known: false,
    tails: { preSerialization: "scope", onSend: "scope" },
    line: undefined,
  };
}

/** Makes the route that stands for a scope's not-found handler. */
export function notFoundRoute(scope: Scope, options: Partial<RouteOptions> = {}): Route {
  const path = `${scope.prefix.replace(/\/$/, "")}/*`;
  const url = path;
  return {
    kind: "not-found",
    methods: scope.instance.supportedMethods,
    url,
    scope,
    options: {
      ...options,
      method: scope.instance.supportedMethods,
      url,
      path,
      routePath: "/*",
      prefix: scope.prefix,
      // A plugin that publishes a list of routes leaves out what is hidden.
      schema: { hide: true } as object,
      config: { ...options.config },
      handler() {},
    },
    hooks: NO_HOOKS,
    steps: NO_STEPS,
    known: false,
    tails: { preSerialization: "scope", onSend: "scope" },
    line: undefined,
  };
}
