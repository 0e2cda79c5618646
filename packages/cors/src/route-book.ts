import { type RouteView, routeMatchingOf } from "@enfilade/layer";
import type { FastifyInstance, RouteOptions } from "fastify";
import findMyWay, { type HTTPMethod, type HTTPVersion, type Instance } from "find-my-way";

/** A route that some page may ask for. */
export interface KnownRoute {
  readonly instance: FastifyInstance;
  /** Live: what is read of it is read when the app is ready. */
  readonly options: RouteOptions;
  /** As it was when the route was declared; below a prefix, the live one may get another slash. */
  readonly url: string;
}

/** The routes of an app, found by the method and the path that a preflight asks for. */
export interface RouteBook {
  readonly routes: readonly KnownRoute[];
  add(route: RouteView): void;
  /** Gives the routes that a request could lead to: several where a constraint decides that a preflight does not carry. */
  find(method: string, url: string, host: string | undefined): readonly KnownRoute[];
}

type Router = Instance<HTTPVersion.V1>;

/**
 * Creates a {@link RouteBook}. Fastify's own router can be asked whether there is a route, but not which: its
 * routes are kept a second time here, in the same kind of router, under the same options.
 */
export function createRouteBook(app: FastifyInstance): RouteBook {
  const routes: KnownRoute[] = [];
  const seen = new WeakSet<object>();
  let routers: readonly Router[] | undefined;
  return {
    routes,
    add({ options, instance, notFound }) {
      if (notFound || seen.has(options)) return;
      seen.add(options);
      routes.push({ options, instance, url: options.url });
      routers = undefined;
    },
    find(method, url, host) {
      routers ??= createRouters(app, routes);
      const found: KnownRoute[] = [];
      for (const router of routers) {
        const match = router.find(method as HTTPMethod, url, { host });
        if (match?.store) found.push(match.store as KnownRoute);
      }
      return found;
    },
  };
}

/**
 * One router for all routes, and one more for each constraint beside the host: a preflight has the host of the
 * request that it asks for, but not its other headers, so that it cannot be told which of them is meant.
 */
function createRouters(app: FastifyInstance, routes: readonly KnownRoute[]): readonly Router[] {
  const options = { ...routeMatchingOf(app), allowUnsafeRegex: true };
  const routers = new Map<string, Router>();
  for (const route of routes) {
    const { host, ...others } = (route.options.constraints ?? {}) as Record<string, unknown>;
    const key = JSON.stringify(others, (_, value) =>
      value instanceof RegExp ? String(value) : value,
    );
    const router: Router = routers.get(key) ?? findMyWay<HTTPVersion.V1>(options);
    routers.set(key, router);
    const constraints = host === undefined ? {} : { host };
    for (const method of [route.options.method].flat() as HTTPMethod[]) {
      for (const url of new Set([route.url, route.options.url])) {
        if (router.hasRoute(method, url, constraints)) continue;
        router.on(method, url, { constraints }, nothing, route);
      }
    }
  }
  return [...routers.values()];
}

function nothing(): void {}
