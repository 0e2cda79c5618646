import type { FastifyReply, FastifyRequest } from "fastify";
import type { Engine } from "./engine.ts";
import { CORS_INVALID_PREFLIGHT, CORS_ORIGIN_REFUSED } from "./errors.ts";
import { addVary } from "./headers.ts";
import type { Policy } from "./policy.ts";
import type { RouteBook } from "./route-book.ts";
import { territoryOf } from "./territory.ts";

/** A list of field names (RFC 9110, sections 5.1 and 5.6.1). */
const FIELD_NAMES = /^[\t ]*[\w!#$%&'*+.^`|~-]+(?:[\t ]*,[\t ]*[\w!#$%&'*+.^`|~-]+)*[\t ]*$/;
const MAX_FIELD_NAMES = 4096;

/**
 * Answers a preflight for the route that it asks about, by whichever registration governs that; by `fallback` where no
 * such route is known. Gives `undefined` for a route that wants no CORS: whoever handles its OPTIONS requests answers.
 *
 * @throws `CORS_ORIGIN_REFUSED`, `CORS_INVALID_PREFLIGHT`
 */
export function answerPreflight(
  book: RouteBook,
  fallback: Policy | undefined,
  engine: Engine,
  request: FastifyRequest,
  reply: FastifyReply,
): FastifyReply | undefined | Promise<FastifyReply> {
  const policies = findPolicies(book, fallback, request);
  const [policy] = policies;
  if (policy === undefined || policies.includes(undefined)) return undefined;
  addVary(reply, "Access-Control-Request-Method");
  if (!policy.open) addVary(reply, "Origin");
  const asked = request.headers["access-control-request-headers"];
  if (asked !== undefined && (asked.length > MAX_FIELD_NAMES || !FIELD_NAMES.test(asked))) {
    throw new CORS_INVALID_PREFLIGHT();
  }
  const verdict = decideAll(policies as Policy[], request);
  return typeof verdict === "boolean"
    ? settle(policy, verdict, engine, request, reply)
    : verdict.then((allowed) => settle(policy, allowed, engine, request, reply));
}

/** The policies of all routes that may be meant; nearly always of the one that is. */
function findPolicies(
  book: RouteBook,
  fallback: Policy | undefined,
  { headers, raw }: FastifyRequest,
): readonly (Policy | undefined)[] {
  const method = String(headers["access-control-request-method"]);
  const routes = book.find(method, raw.url ?? "", headers.host);
  if (routes.length === 0) return [fallback];
  const policies = routes.map((route) => {
    const governing = territoryOf(route.instance);
    return governing?.reaches(route) ? governing.policyFor(route) : undefined;
  });
  return [...new Set(policies)];
}

/** A preflight must permit no more than the request that follows it will find: every policy has to agree. */
function decideAll(
  policies: readonly Policy[],
  request: FastifyRequest,
): boolean | Promise<boolean> {
  const verdicts = policies.map((policy) => policy.decide(String(request.headers.origin), request));
  return verdicts.every((verdict) => typeof verdict === "boolean")
    ? !verdicts.includes(false)
    : Promise.all(verdicts).then((all) => !all.includes(false));
}

function settle(
  policy: Policy,
  allowed: boolean,
  engine: Engine,
  request: FastifyRequest,
  reply: FastifyReply,
): FastifyReply {
  if (!allowed) throw new CORS_ORIGIN_REFUSED();
  // Answered by name where it is opted in, left unsaid elsewhere: the browser then keeps the page out.
  if (policy.privateNetwork) {
    addVary(reply, "Access-Control-Request-Private-Network");
    if (request.headers["access-control-request-private-network"] === "true") {
      reply.header("access-control-allow-private-network", "true");
    }
  }
  engine(request, reply, policy.preflight);
  return reply;
}
