import type { FastifyReply, FastifyRequest } from "fastify";
import { bearerError, bearerParams, type Challenge, formatChallenge } from "./challenge.ts";
import { type Authenticator, authenticatorsOf } from "./enrolled.ts";
import { AUTH_UNAVAILABLE } from "./errors.ts";
import { tellFailure } from "./failures.ts";

type HttpError = Error & { readonly code?: string; readonly statusCode?: number };

/** Refuses a request of which nobody knows who sent it, or a principal that may not. */
export function refuse(
  request: FastifyRequest,
  reply: FastifyReply,
  error: HttpError,
  params: Readonly<Record<string, string>> = {},
): never {
  const challenges = authenticatorsOf(request.server).map(({ challenge }) =>
    challenge.scheme === "Bearer"
      ? { scheme: "Bearer", params: { ...challenge.params, ...params } }
      : challenge,
  );
  // RFC 9110, section 15.5.2: every 401 challenges; so does the one of an app that has no authenticator.
  challenge(request, reply, challenges.length > 0 ? challenges : [{ scheme: "Bearer", params }]);
  throw error;
}

/**
 * Refuses credentials that did not hold, as the authenticator says, or as who listens to failures says; what
 * is no refusal becomes a 503.
 */
export function refuseFailed(
  request: FastifyRequest,
  reply: FastifyReply,
  by: Authenticator,
  thrown: unknown,
): never | Promise<never> {
  const error = thrown as HttpError;
  const status = error?.statusCode;
  if (status !== 400 && status !== 401 && status !== 403) {
    if (status === 503 || (status !== undefined && status >= 400 && status < 500)) throw error;
    request.log.error({ err: error }, `the authenticator ${by.kind} has failed`);
    throw new AUTH_UNAVAILABLE();
  }
  const instead = tellFailure({ request, reply, authenticator: by.kind, error });
  const answer = (other: Error | undefined): never => {
    if (other !== undefined) throw other;
    challengeFailed(request, reply, by, error);
    throw error;
  };
  return instead instanceof Promise ? instead.then(answer) : answer(instead);
}

function challengeFailed(
  request: FastifyRequest,
  reply: FastifyReply,
  by: Authenticator,
  error: HttpError,
): void {
  const params = {
    error: bearerError(error.statusCode),
    error_description: error.message,
  };
  const others = authenticatorsOf(request.server).filter((other) => other !== by);
  challenge(request, reply, [
    { scheme: by.challenge.scheme, params: { ...by.challenge.params, ...params } },
    ...others.map((other) => other.challenge),
  ]);
}

/** Sets the challenges, one for each scheme, `Bearer` first: some clients read no further. */
function challenge(
  request: FastifyRequest,
  reply: FastifyReply,
  challenges: readonly Challenge[],
): void {
  const byScheme = new Map<string, Challenge>();
  for (const one of challenges) {
    if (!byScheme.has(one.scheme)) byScheme.set(one.scheme, one);
  }
  const bearer = byScheme.get("Bearer");
  if (bearer !== undefined) {
    byScheme.delete("Bearer");
    const params = { ...bearerParams(request), ...bearer.params };
    const sorted = [{ scheme: "Bearer", params }, ...byScheme.values()];
    reply.header("www-authenticate", sorted.map(formatChallenge).join(", "));
  } else {
    reply.header("www-authenticate", [...byScheme.values()].map(formatChallenge).join(", "));
  }
}
