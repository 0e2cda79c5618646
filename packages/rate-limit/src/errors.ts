import { createOptionError, type OptionError } from "@enfilade/layer";
import createError, { type FastifyErrorConstructor } from "@fastify/error";

/** An option of the layer or of a route is not valid. Thrown while the app boots. */
export const RATE_LIMIT_INVALID_OPTION: OptionError = createOptionError(
  "RATE_LIMIT_INVALID_OPTION",
);

/** Thrown from `app.ready()` where a limit by principal would be asked before anybody knows who is calling. */
export const RATE_LIMIT_TOO_EARLY: FastifyErrorConstructor<
  { code: "RATE_LIMIT_TOO_EARLY" },
  [layer: string]
> = createError(
  "RATE_LIMIT_TOO_EARLY",
  "@enfilade/rate-limit: the layer %s counts principals, and was registered before the authenticators. Register it after them, or register @enfilade/order first.",
  500,
);

/** Thrown from `app.ready()` where a limit by principal could count nothing but addresses. */
export const RATE_LIMIT_NO_AUTHENTICATOR: FastifyErrorConstructor<
  { code: "RATE_LIMIT_NO_AUTHENTICATOR" },
  [layer: string]
> = createError(
  "RATE_LIMIT_NO_AUTHENTICATOR",
  '@enfilade/rate-limit: the layer %s counts principals, and nothing in its scope or above finds out who is calling. Register an authenticator (jwt, api-key, one of your own by createAuthenticator of @enfilade/auth) before it, or count by: "address" or by a function.',
  500,
);

/**
 * Thrown where a route is declared whose clients would be told of two policies of one name; under an arrangement it
 * is a finding.
 */
export const RATE_LIMIT_NAME_TAKEN: FastifyErrorConstructor<
  { code: "RATE_LIMIT_NAME_TAKEN" },
  [route: string, what: string, fix: string]
> = createError("RATE_LIMIT_NAME_TAKEN", "@enfilade/rate-limit: on %s %s. %s", 500);

/** There is nothing left of a limit for now. */
export const RATE_LIMIT_EXCEEDED: FastifyErrorConstructor<
  { code: "RATE_LIMIT_EXCEEDED" },
  [wait: string]
> = createError("RATE_LIMIT_EXCEEDED", "Too many requests; try again in %s.", 429);

/** An address has failed to authenticate too often. */
export const RATE_LIMIT_TOO_MANY_FAILURES: FastifyErrorConstructor<
  { code: "RATE_LIMIT_TOO_MANY_FAILURES" },
  [wait: string]
> = createError(
  "RATE_LIMIT_TOO_MANY_FAILURES",
  "Authentication has failed too often; try again in %s.",
  429,
);

/** Somebody went on although they had been refused again and again. */
export const RATE_LIMIT_BANNED: FastifyErrorConstructor<{ code: "RATE_LIMIT_BANNED" }, []> =
  createError("RATE_LIMIT_BANNED", "Too many requests were refused already.", 403);

/** A request costs more than a limit ever admits. */
export const RATE_LIMIT_COST_TOO_LARGE: FastifyErrorConstructor<
  { code: "RATE_LIMIT_COST_TOO_LARGE" },
  []
> = createError("RATE_LIMIT_COST_TOO_LARGE", "The request costs more than is ever allowed.", 413);

/** The store is away, and `onStoreError` is `"closed"`. */
export const RATE_LIMIT_UNAVAILABLE: FastifyErrorConstructor<
  { code: "RATE_LIMIT_UNAVAILABLE" },
  [wait: string]
> = createError(
  "RATE_LIMIT_UNAVAILABLE",
  "The server cannot take the request at the moment; try again in %s.",
  503,
);

/** Fails a request, with status 500, for which a function of yours gave what it may not. */
export const RATE_LIMIT_INVALID_ANSWER: FastifyErrorConstructor<
  { code: "RATE_LIMIT_INVALID_ANSWER" },
  [option: string, fix: string]
> = createError(
  "RATE_LIMIT_INVALID_ANSWER",
  "@enfilade/rate-limit: the function %s gave what it may not. %s",
  500,
  TypeError,
);
