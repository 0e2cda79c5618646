import type { FastifyInstance } from "fastify";

/** The options of Fastify's router that decide which URLs a route answers. */
export interface RouteMatching {
  readonly ignoreTrailingSlash: boolean;
  readonly ignoreDuplicateSlashes: boolean;
  readonly caseSensitive: boolean;
  readonly useSemicolonDelimiter: boolean;
  readonly maxParamLength: number;
}

const DEFAULT_MAX_PARAM_LENGTH = 100;

/**
 * Gives how an app matches URLs, for a router that is to find what Fastify's own finds. Fastify takes these options
 * in a new form (`routerOptions`) and in an old one, and shows the new one's defaults beside the old one's values.
 *
 * @example
 * ```ts
 * const router = findMyWay({ ...routeMatchingOf(app), allowUnsafeRegex: true });
 * ```
 */
export function routeMatchingOf(app: FastifyInstance): RouteMatching {
  // The types of Fastify lack some of them.
  const old: Partial<RouteMatching> = app.initialConfig;
  const given: Partial<RouteMatching> = app.initialConfig.routerOptions ?? {};
  const either = (
    name: "ignoreTrailingSlash" | "ignoreDuplicateSlashes" | "useSemicolonDelimiter",
  ) => given[name] === true || old[name] === true;
  const longest = (...lengths: (number | undefined)[]) =>
    lengths.find((length = DEFAULT_MAX_PARAM_LENGTH) => length !== DEFAULT_MAX_PARAM_LENGTH);
  return {
    ignoreTrailingSlash: either("ignoreTrailingSlash"),
    ignoreDuplicateSlashes: either("ignoreDuplicateSlashes"),
    useSemicolonDelimiter: either("useSemicolonDelimiter"),
    caseSensitive: given.caseSensitive ?? old.caseSensitive ?? true,
    maxParamLength: longest(given.maxParamLength, old.maxParamLength) ?? DEFAULT_MAX_PARAM_LENGTH,
  };
}
