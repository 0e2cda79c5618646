import findMyWay, { type HTTPMethod } from "find-my-way";
import type { Line } from "./line.ts";
import { earlyRoute, type Route } from "./routes.ts";

/** Finds the route that a method and a URL (or the pattern of a route) lead to; the not-found handler where none does. */
export function findRoute(line: Line, method: string, url: string): Route {
  const wanted = method.toUpperCase() as HTTPMethod;
  const path = url.split("?")[0] ?? url;
  const declared = line.routes.find((route) => route.url === url && route.methods.includes(wanted));
  return (
    declared ??
    matchUrl(line, wanted, path) ??
    earlyMatch(line, wanted, path) ??
    notFoundFor(line, path)
  );
}

/** Matches as Fastify does: with its own router, under the app's own options. */
function matchUrl(line: Line, method: HTTPMethod, path: string): Route | undefined {
  const router = findMyWay({ ...routerOptions(line), allowUnsafeRegex: true });
  for (const route of line.routes) {
    if (!route.methods.includes(method)) continue;
    // The options are live: a route "/" below a prefix is declared twice, with the slash and without.
    for (const pattern of new Set([route.url, route.options.url])) {
      // A second route on the same path differs by a constraint, which a URL alone does not tell.
      if (!router.hasRoute(method, pattern)) router.on(method, pattern, () => {}, route);
    }
  }
  return router.find(method, path)?.store as Route | undefined;
}

/** The options that decide what matches; the types of the router lack one. */
interface Matching {
  readonly ignoreTrailingSlash: boolean;
  readonly ignoreDuplicateSlashes: boolean;
  readonly caseSensitive: boolean;
  readonly useSemicolonDelimiter: boolean;
}

/** The options of the app's router, in the new form of Fastify's or in the old one. */
function routerOptions({ root }: Line): Matching {
  const { routerOptions: given, ...old } = root.instance.initialConfig;
  const { ignoreTrailingSlash, ignoreDuplicateSlashes, caseSensitive, useSemicolonDelimiter } = {
    ...old,
    ...given,
  };
  return {
    ignoreTrailingSlash: ignoreTrailingSlash ?? false,
    ignoreDuplicateSlashes: ignoreDuplicateSlashes ?? false,
    caseSensitive: caseSensitive ?? true,
    useSemicolonDelimiter: useSemicolonDelimiter ?? false,
  };
}

/** A route that was declared before the line was there is known to Fastify alone. */
function earlyMatch({ root }: Line, method: HTTPMethod, url: string): Route | undefined {
  const { instance } = root;
  const known = instance.hasRoute({ method, url }) || instance.findRoute({ method, url }) !== null;
  return known ? earlyRoute(root, {}, method, url) : undefined;
}

/** The not-found handler of the longest prefix answers; of those with one prefix, the one that was set last. */
function notFoundFor({ notFound }: Line, path: string): Route {
  const router = findMyWay();
  for (const [prefix, route] of new Map(notFound.map((route) => [route.scope.prefix, route]))) {
    for (const pattern of new Set([prefix || "/", `${prefix.replace(/\/$/, "")}/*`])) {
      router.on("GET", pattern, () => {}, route);
    }
  }
  return (router.find("GET", path)?.store ?? notFound[0]) as Route;
}
