import type { SecurityHeadersOptions } from "./options.ts";
import { createPlan } from "./plan.ts";
import { refusalOf } from "./refusal.ts";

/**
 * Creates the headers of a profile as a plain object, for responses that no hook of Fastify sees: its
 * `frameworkErrors` and `clientErrorHandler`, or a server in front of it.
 *
 * @param secure - whether the response goes over TLS, which adds `strict-transport-security`
 * @throws `SECURITY_HEADERS_INVALID_OPTION`
 * @example
 * ```ts
 * const headers = createHeaders({}, false);
 * const app = Fastify({
 *   frameworkErrors: (error, _request, reply: FastifyReply) => reply.headers(headers).send(error),
 * });
 * ```
 */
export function createHeaders(
  options: SecurityHeadersOptions,
  secure: boolean,
): Record<string, string> {
  const plan = createPlan([options], refusalOf("@enfilade/security-headers"));
  return { ...(secure ? plan.secure : plan.plain).headers };
}
