import type { FastifyInstance, FastifyRequest, HTTPMethods } from "fastify";

/** Tells whether a payload is what Fastify's own not-found handler sends; a handler of the user's sends something else. */
export function isDefaultNotFound(request: FastifyRequest, payload: unknown): boolean {
  const { method, url } = request.raw;
  return (
    payload ===
    JSON.stringify({
      message: `Route ${method}:${url} not found`,
      error: "Not Found",
      statusCode: 404,
    })
  );
}

/**
 * Finds the methods that a path has routes for; empty where it has none, or has one for the method that was
 * asked for (somebody called `reply.callNotFound()`).
 *
 * A path that knows OPTIONS alone has no routes: CORS plugins declare it for every path there is.
 */
export function allowedMethods(request: FastifyRequest): readonly string[] {
  const { server, raw } = request;
  const url = raw.url ?? "/";
  const constraints = constraintsOf(request);
  const methods = server.supportedMethods.filter((method) => has(server, method, url, constraints));
  if (methods.includes(raw.method ?? "")) return [];
  return methods.some((method) => method !== "OPTIONS") ? methods : [];
}

function has(
  server: FastifyInstance,
  method: string,
  url: string,
  constraints: ReturnType<typeof constraintsOf>,
): boolean {
  return server.findRoute({ method: method as HTTPMethods, url, constraints }) !== null;
}

/** What Fastify derives its own two constraints from. */
function constraintsOf({ raw }: FastifyRequest): { host?: string; version?: string } {
  const { ":authority": authority, host = authority, "accept-version": version } = raw.headers;
  return {
    ...(typeof host === "string" && { host }),
    ...(typeof version === "string" && { version }),
  };
}
