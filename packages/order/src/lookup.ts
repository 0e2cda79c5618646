import type { HTTPMethod } from "find-my-way";
import { type Constraints, derive, isSame } from "./constraints.ts";
import { ORDER_AMBIGUOUS_ROUTE } from "./errors.ts";
import type { Line } from "./line.ts";
import { accepted, type Entry, notFoundFor, reachable, routerOf } from "./router.ts";
import { constraintsOf, earlyRoute, nameOfRoute, type Route } from "./routes.ts";

/**
 * Finds the route that a method and a URL (or the pattern of a route) lead to; the not-found handler where none
 * does. Without constraints it answers where they leave no more than one route, and refuses to choose among several.
 */
export function findRoute(
  line: Line,
  method: string,
  url: string,
  constraints: Constraints | undefined,
): Route {
  const wanted = method.toUpperCase() as HTTPMethod;
  const path = url.split("?")[0] ?? url;
  const routes = line.routes.filter(({ methods }) => methods.includes(wanted));
  const declared = withoutTwins(routes.filter((route) => route.url === url));
  if (constraints === undefined) {
    const possible =
      declared.length > 0 ? declared : reachable(line, wanted, entriesOf(routes), path);
    if (possible.length > 1) {
      throw new ORDER_AMBIGUOUS_ROUTE(`${wanted} ${url}`, possible.map(nameOfRoute).join("; "));
    }
    return possible[0] ?? earlyMatch(line, wanted, path) ?? notFoundFor(line, path);
  }
  const exact = declared.find((route) => isSame(constraintsOf(route), constraints));
  if (exact !== undefined) return exact;
  const derived = derive(line, constraints);
  const find = (entries: readonly Entry[], at: string) =>
    routerOf(line, wanted, entries).find(at, derived);
  // A pattern need not be a URL that leads to itself: then its routes are asked on a path of their own.
  const isUrl = declared.length === 0 || Boolean(find(entriesOf(declared), path));
  const atPattern = isUrl ? [] : declared.map((route) => ({ pattern: "/", route }));
  return (
    find(atPattern, "/") ??
    accepted(find(entriesOf(routes), path), path) ??
    earlyMatch(line, wanted, path, derived) ??
    notFoundFor(line, path)
  );
}

/** The options are live: a route "/" below a prefix is declared twice, with the slash and without. */
function entriesOf(routes: readonly Route[]): Entry[] {
  return routes.flatMap((route) =>
    [...new Set([route.url, route.options.url])].map((pattern) => ({ pattern, route })),
  );
}

/** Fastify declares a HEAD route for every GET, and lets go of it where there is one already. */
function withoutTwins(routes: readonly Route[]): Route[] {
  return routes.filter(
    (route, index) =>
      routes.findIndex((other) => isSame(constraintsOf(other), constraintsOf(route))) === index,
  );
}

/** A route that was declared before the line was there is known to Fastify alone. */
function earlyMatch(
  { root }: Line,
  method: HTTPMethod,
  url: string,
  constraints: Constraints = {},
): Route | undefined {
  const { instance } = root;
  const wanted = { method, url, constraints };
  const known = instance.hasRoute(wanted) || instance.findRoute(wanted) !== null;
  return known ? earlyRoute(root, {}, method, url) : undefined;
}
