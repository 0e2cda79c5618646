import { serverOptionsOf } from "@enfilade/layer";
import type { FastifyInstance } from "fastify";

/**
 * Tells whether any request can ever count as one over https: the server has TLS, or trusts a proxy that may.
 * Where its options cannot be found the answer is yes.
 */
export function canBeSecure(app: FastifyInstance): boolean {
  if ("setSecureContext" in app.server) return true;
  const options = serverOptionsOf(app);
  if (options === undefined || options.serverFactory !== undefined) return true;
  return Boolean(options.trustProxy) || Boolean(options.https);
}
