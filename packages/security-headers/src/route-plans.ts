import type { FastifyContextConfig, FastifyRequest } from "fastify";
import type { RouteSecurityHeaders, SecurityHeadersOptions } from "./options.ts";
import { createPlan, type Plan } from "./plan.ts";
import { refusalOf } from "./refusal.ts";

const PACKAGE = "@enfilade/security-headers";

/** The plans of one registration: its own, and those of routes with options of their own. */
export interface RoutePlans {
  /** Checks and prepares the options of a route; called when it is declared. */
  prepare(config: FastifyContextConfig | undefined, route: string): void;
  /** Gives the plan for a request; `undefined` for a route that wants no security headers. */
  of(request: FastifyRequest): Plan | undefined;
}

/**
 * Prepares the plan of a registration.
 *
 * @throws `SECURITY_HEADERS_INVALID_OPTION`
 */
export function createRoutePlans(options: SecurityHeadersOptions): RoutePlans {
  const own = createPlan([options], refusalOf(PACKAGE));
  const byOptions = new WeakMap<object, Plan>();

  function planFor(given: RouteSecurityHeaders | undefined, where: string): Plan | undefined {
    if (given === undefined) return own;
    if (given === false) return undefined;
    const refuse = refusalOf(`${PACKAGE}, config.securityHeaders of ${where}`);
    if (typeof given !== "object" || given === null) {
      return refuse("securityHeaders", given, "Give options, or false.");
    }
    const prepared = byOptions.get(given) ?? createPlan([options, given], refuse);
    byOptions.set(given, prepared);
    return prepared;
  }

  return {
    prepare(config, route) {
      planFor(config?.securityHeaders, route);
    },
    of(request) {
      const { config, url } = request.routeOptions;
      const given = config?.securityHeaders;
      if (given === undefined) return own;
      // A route that was declared before a layer without an arrangement is prepared by its first request.
      return planFor(given, `${request.method} ${url}`);
    },
  };
}
