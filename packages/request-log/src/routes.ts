import { type RouteSettings, resolveRoute, type Settings } from "./options.ts";
import type { Level, RequestLogRouteOptions } from "./types.ts";

/** What holds for each route, read once for each. */
export interface Routes {
  /**
   * Gives it for a route's config; `undefined` for a route that is not logged.
   * @throws `REQUEST_LOG_INVALID_OPTION` when its `requestLog` is not valid.
   */
  of(config: object | undefined): RouteSettings | undefined;
}

/** Creates {@link Routes} on top of what the registration says. */
export function createRoutes({ route }: Settings): Routes {
  const known = new WeakMap<object, { settings: RouteSettings | undefined }>();
  return {
    of(config: { requestLog?: false | Level | RequestLogRouteOptions } = {}) {
      if (config.requestLog === undefined) return route;
      const found = known.get(config) ?? { settings: resolveRoute(route, config.requestLog) };
      known.set(config, found);
      return found.settings;
    },
  };
}
