import type { FastifyRequest } from "fastify";

/**
 * Tells whether a request asks for another one's permission (Fetch, section 3.3.2), as browsers do before
 * many requests of a page. `OPTIONS` alone does not.
 */
export function isPreflight({ method, headers }: FastifyRequest): boolean {
  return (
    method === "OPTIONS" &&
    headers.origin !== undefined &&
    headers["access-control-request-method"] !== undefined
  );
}
