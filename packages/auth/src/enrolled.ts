import type { Finding } from "@enfilade/layer";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { Challenge } from "./challenge.ts";
import { createScopeList, createScopeMemo, type ScopeList } from "./scope-state.ts";
import type { Principal } from "./types.ts";

/**
 * What an authenticator has found: a principal; `null` when the request carries nothing for it; an error
 * when it carries what may be somebody else's, such as a token of another issuer: the error is the answer
 * when nobody else knows it. What an authenticator throws refuses at once.
 */
export type Verdict = Principal | Error | null;

/** One way of finding out who is calling. */
export interface Authenticator {
  /** The `kind` of its principals. */
  readonly kind: string;
  /** How clients are asked for its credentials. */
  readonly challenge: Challenge;
  authenticate(request: FastifyRequest, reply: FastifyReply): Verdict | Promise<Verdict>;
  /** What the boot shall say of it, or stop at. */
  findings?(): Iterable<Finding>;
}

/** The authenticators of each scope. */
export const enrolled: ScopeList<Authenticator> = createScopeList<Authenticator>("authenticators");

/**
 * Tells whether an authenticator has been registered in a scope or above: for layers that need to know who is
 * calling, and without an arrangement run in the order of registration.
 */
export function hasAuthenticator(app: FastifyInstance): boolean {
  return enrolled.along(app).length > 0;
}

/** The authenticators that a request meets, outermost first. */
export const authenticatorsOf: (app: FastifyInstance) => readonly Authenticator[] = createScopeMemo(
  (app) => enrolled.along(app),
);
