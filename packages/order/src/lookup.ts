import findMyWay, { type HTTPMethod } from "find-my-way";
import type { Line } from "./line.ts";
import { earlyRoute, type Route } from "./routes.ts";

/** Finds the route that a method and a URL (or the pattern of a route) lead to; the not-found handler where none does. */
export function findRoute(line: Line, method: string, url: string): Route {
  const wanted = method.toUpperCase();
  const declared = line.routes.find((route) => route.url === url && route.methods.includes(wanted));
  return (
    declared ??
    matchUrl(line, wanted, url) ??
    earlyMatch(line, wanted, url) ??
    notFoundFor(line, url)
  );
}

/** Matches as Fastify does: with its own router, under the app's own options. */
function matchUrl(line: Line, method: string, url: string): Route | undefined {
  const { ignoreTrailingSlash = false, caseSensitive = true } = line.root.instance.initialConfig;
  const router = findMyWay({ ignoreTrailingSlash, caseSensitive, allowUnsafeRegex: true });
  for (const route of line.routes) {
    if (!route.methods.includes(method)) continue;
    // A second route on the same path differs by a constraint, which a URL alone does not tell.
    if (router.hasRoute(method as HTTPMethod, route.url)) continue;
    router.on(method as HTTPMethod, route.url, () => {}, route);
  }
  return router.find(method as HTTPMethod, url.split("?")[0] ?? url)?.store as Route | undefined;
}

/** A route that was declared before the line was there is known to Fastify alone. */
function earlyMatch({ root }: Line, method: string, url: string): Route | undefined {
  const known = root.instance.hasRoute({ method: method as HTTPMethod, url });
  return known ? earlyRoute(root, {}, method as HTTPMethod, url) : undefined;
}

/** The not-found handler of the longest prefix answers. */
function notFoundFor({ notFound }: Line, url: string): Route {
  const answering = notFound.filter(({ scope }) => url.startsWith(scope.prefix));
  const [longest] = answering.toSorted((a, b) => b.scope.prefix.length - a.scope.prefix.length);
  return longest ?? (notFound[0] as Route);
}
