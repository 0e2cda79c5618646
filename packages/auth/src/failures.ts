import { isThenable } from "@enfilade/layer";
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

/**
 * Hears of failures, at once and before the refusal is sent. An error that it gives, or a promise of one, is
 * the answer in place of the refusal: too many failures, say. Whatever else it gives counts for nothing; what
 * it throws is logged.
 */
export type FailureListener = (failure: AuthenticationFailure) => unknown;

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

/**
 * Tells everybody who listens in the scope of a request or above, outermost first. Gives the first error that
 * one of them gives, and a promise only where one takes time.
 */
export function tellFailure(
  failure: AuthenticationFailure,
): Error | undefined | Promise<Error | undefined> {
  const log = (error: unknown): undefined => {
    failure.request.log.error({ err: error }, "a listener to failed authentications has failed");
  };
  const answers = listeners.along(failure.request.server).map((listener) => {
    try {
      const given = listener(failure);
      return isThenable(given) ? Promise.resolve(given).catch(log) : given;
    } catch (error) {
      return log(error);
    }
  });
  return answers.some((answer) => answer instanceof Promise)
    ? Promise.all(answers).then(firstError)
    : firstError(answers);
}

function firstError(answers: readonly unknown[]): Error | undefined {
  return answers.find((answer) => answer instanceof Error);
}
