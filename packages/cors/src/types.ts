import type { FastifyRequest } from "fastify";
import type { CorsRouteOptions } from "./options.ts";

/**
 * Judges an origin. It is asked about origins that are well-formed and that no other rule of the list matches; never
 * about `null`. What it throws fails the request.
 *
 * A function of one parameter is also asked at boot, about an origin that cannot be anybody's, when credentials are
 * on: one that says yes to it says yes to everybody.
 */
export type OriginFunction = (
  origin: string,
  request: FastifyRequest,
) => boolean | Promise<boolean>;

/**
 * One origin, or many:
 * - `"https://app.example"`: this one; `"null"` for what has none of its own.
 * - `"https://*.example.com"`: the subdomains of any depth, not the domain itself.
 * - a regular expression, matched in full.
 * - a function.
 */
export type OriginRule = string | RegExp | OriginFunction;

declare module "fastify" {
  interface FastifyContextConfig {
    /**
     * The CORS policy of this route, and of its preflights: laid over the registration's options, or `false` to keep
     * the layer's hands off the route.
     */
    cors?: false | CorsRouteOptions;
  }
}
