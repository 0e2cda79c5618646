import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { createScopeList, type ScopeList } from "./scope-state.ts";

/** Credentials that were sent and did not hold. */
export interface AuthenticationFailure {
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
  /** The kind of the authenticator that refused: `"jwt"`, `"api-key"`. */
  readonly authenticator: string;
  /** Why; with a stable `code`. Never holds the credentials. */
  readonly error: Error & { readonly code?: string; readonly statusCode?: number };
}

/** Hears of failures, at once and before the refusal is sent; what it throws is logged. */
export type FailureListener = (failure: AuthenticationFailure) => void;

const listeners: ScopeList<FailureListener> = createScopeList<FailureListener>("listeners");

/**
 * Tells of every failed authentication in a scope and below, whichever authenticator refused: what limits
 * on guessing count. A request without credentials has not failed; a principal that lacks a scope has not
 * either.
 *
 * @returns a function that ends it.
 * @example
 * ```ts
 * onAuthenticationFailure(app, ({ request, error }) => guesses.count(request.ip, error.code));
 * ```
 */
export function onAuthenticationFailure(
  app: FastifyInstance,
  listener: FailureListener,
): () => void {
  listeners.add(app, listener);
  return () => listeners.delete(app, listener);
}

/** Tells everybody who listens in the scope of a request or above. */
export function tellFailure(failure: AuthenticationFailure): void {
  for (const listener of listeners.along(failure.request.server)) {
    try {
      listener(failure);
    } catch (error) {
      failure.request.log.error({ err: error }, "a listener to failed authentications has failed");
    }
  }
}
