import type { FastifyInstance } from "fastify";

/** What Fastify was created with, as far as it matters here. */
interface ServerOptions {
  readonly https?: unknown;
  readonly trustProxy?: unknown;
  readonly serverFactory?: unknown;
}

/**
 * Tells whether any request can ever count as one over https: the server has TLS, or trusts a proxy that may.
 * Fastify keeps its options in no public place; where they cannot be found the answer is yes.
 */
export function canBeSecure(app: FastifyInstance): boolean {
  if ("setSecureContext" in app.server) return true;
  const options = findOptions(app);
  if (options === undefined || options.serverFactory !== undefined) return true;
  return Boolean(options.trustProxy) || Boolean(options.https);
}

function findOptions(app: object | null): ServerOptions | undefined {
  if (app === null) return undefined;
  const symbol = Object.getOwnPropertySymbols(app).find(
    ({ description }) => description === "fastify.options",
  );
  return symbol === undefined ? findOptions(Object.getPrototypeOf(app)) : Reflect.get(app, symbol);
}
