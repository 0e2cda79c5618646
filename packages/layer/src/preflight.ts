import type { FastifyRequest } from "fastify";

/**
 * Tells whether a request asks for another one's permission (Fetch, section 3.3.2), as browsers do before many
 * requests of a page. `OPTIONS` alone does not: an application may have a use for it. Anybody can send the headers:
 * what lets preflights pass needs to count them elsewhere, or to make nothing of them.
 */
export function isPreflight({ method, headers }: FastifyRequest): boolean {
  if (method !== "OPTIONS") return false;
  return Boolean(headers.origin && headers["access-control-request-method"]);
}
