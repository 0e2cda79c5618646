import { type RouteMatching, routeMatchingOf } from "@enfilade/layer";
import findMyWay, { type ConstraintStrategy, type HTTPMethod, type HTTPVersion } from "find-my-way";
import { type Constraints, type Strategy, strategiesOf } from "./constraints.ts";
import { ORDER_URL_REFUSED } from "./errors.ts";
import type { Line } from "./line.ts";
import { constraintsOf, type Route } from "./routes.ts";

/** A route at one of its patterns. */
export interface Entry {
  readonly pattern: string;
  readonly route: Route;
}

/** Finds routes as Fastify does: with its own router, under the app's own options. */
export interface Router {
  /** Those that were taken. */
  readonly entries: readonly Entry[];
  /** Finds what a path, with what is derived from a request, leads to; `null` where Fastify refuses the path. */
  find(path: string, derived?: Constraints): Route | null | undefined;
}

/** Makes the router of the routes that answer a method. */
export function routerOf(line: Line, method: HTTPMethod, entries: readonly Entry[]): Router {
  const strategies = new Map(strategiesOf(line));
  for (const name of entries.flatMap(({ route }) => Object.keys(constraintsOf(route)))) {
    const known = strategies.has(name) || name === "host" || name === "version";
    if (!known) strategies.set(name, byIdentity(name));
  }
  return build(
    method,
    entries,
    { ...routeMatchingOf(line.root.instance), strategies: [...strategies.values()] },
    ({ route }) => constraintsOf(route),
  );
}

/** Gives what was found, and throws `ORDER_URL_REFUSED` where a path has been refused. */
export function accepted(found: Route | null | undefined, path: string): Route | undefined {
  if (found === null) throw new ORDER_URL_REFUSED(path);
  return found;
}

/** Finds every route that a path may lead to, whatever else a request brings. */
export function reachable(
  line: Line,
  method: HTTPMethod,
  entries: readonly Entry[],
  path: string,
): Route[] {
  const router = routerOf(line, method, entries);
  const plain = router.find(path);
  // Each constrained one is asked for by itself: it is found where no unconstrained one stands before it, and behind
  // one where it asks for a constraint that makes Fastify pass over all routes that do not.
  const strategies = [byIdentity("lax"), { ...byIdentity("strict"), mustMatchWhenDerived: true }];
  const probe = build(
    method,
    router.entries,
    { ...routeMatchingOf(line.root.instance), strategies },
    (entry) => ownConstraint(line, entry),
  );
  const found = router.entries.filter((entry) => {
    const own = ownConstraint(line, entry);
    return Object.keys(own).length > 0
      ? probe.find(path, own) === entry.route
      : entry.route === plain;
  });
  if (found.length === 0) accepted(plain, path);
  return [...new Set(found.map(({ route }) => route))];
}

/** Gives a constraint that an entry alone fulfils; none where a request need not bring anything for it. */
function ownConstraint(line: Line, entry: Entry): Constraints {
  const names = Object.keys(constraintsOf(entry.route));
  if (names.length === 0) return {};
  return names.some((name) => mustMatch(line, name)) ? { strict: entry } : { lax: entry };
}

/** Tells whether a request that brings a value for a constraint is kept from all routes that do not ask for it. */
function mustMatch(line: Line, name: string): boolean {
  const strategy = strategiesOf(line).get(name);
  return strategy === undefined ? name === "version" : strategy.mustMatchWhenDerived === true;
}

/** Finds the not-found handler that answers for a path: the one of the longest prefix; of those with one, the last. */
export function notFoundFor({ notFound }: Line, path: string): Route {
  const entries = notFound.toReversed().flatMap((route) => {
    const { prefix } = route.scope;
    return [prefix || "/", `${prefix.replace(/\/$/, "")}/*`].map((pattern) => ({ pattern, route }));
  });
  const found = build("GET", entries, {}, () => ({})).find(path);
  return accepted(found, path) ?? (notFound[0] as Route);
}

function build(
  method: HTTPMethod,
  entries: readonly Entry[],
  {
    strategies = [],
    ...matching
  }: Partial<RouteMatching> & { readonly strategies?: readonly Strategy[] },
  constraintsAt: (entry: Entry) => Constraints,
): Router {
  const router = findMyWay({
    ...matching,
    allowUnsafeRegex: true,
    onBadUrl() {},
    onMaxParamLength() {},
    constraints: Object.fromEntries(
      strategies.map((strategy) => [strategy.name, copyOf(strategy)]),
    ),
  });
  const taken = entries.filter((entry) => {
    const { pattern, route } = entry;
    try {
      router.on(method, pattern, { constraints: constraintsAt(entry) }, () => {}, route);
      return true;
    } catch {
      // What stands there already: Fastify lets go of a HEAD route of its own without a word.
      return false;
    }
  });
  return {
    entries: taken,
    find(path, derived) {
      // Nothing but the two functions above is found without a route.
      return router.find(method, path, derived)?.store;
    },
  };
}

/** A router writes into the strategies that it is given; Fastify's own copy is frozen. */
function copyOf(strategy: Strategy): ConstraintStrategy<HTTPVersion.V1> {
  const { name, mustMatchWhenDerived = false } = strategy;
  return {
    name,
    mustMatchWhenDerived,
    storage: () => strategy.storage(),
    deriveConstraint: () => "",
  };
}

/** Takes a value for itself alone. */
function byIdentity(name: string): Strategy {
  return { name, storage: () => new Map(), deriveConstraint() {} };
}
