import type { FastifyRequest } from "fastify";

/** Tells whether a request is for a route that is open to everybody. */
export function isPublic(request: FastifyRequest): boolean {
  return request.routeOptions.config?.public === true;
}
