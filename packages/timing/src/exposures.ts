import { type Exposure, resolveRoute } from "./options.ts";
import type { TimingRouteOptions } from "./types.ts";

/** What the responses of each route tell, read once for each route. */
export interface Exposures {
  /**
   * Gives it for a route's config.
   * @throws `TIMING_INVALID_OPTION` when its `timing` is not valid.
   */
  of(config: object | undefined): Exposure;
}

/** Creates {@link Exposures} on top of what the registration says. */
export function createExposures(settings: Exposure): Exposures {
  const known = new WeakMap<object, Exposure>();
  return {
    of(config: { timing?: false | TimingRouteOptions } = {}) {
      if (config.timing === undefined) return settings;
      const found = known.get(config);
      if (found !== undefined) return found;
      const exposure = resolveRoute(settings, config.timing);
      known.set(config, exposure);
      return exposure;
    },
  };
}
