import { createOptionError, type OptionError } from "@enfilade/layer";
import createError, { type FastifyErrorConstructor } from "@fastify/error";

/** An option or a key is not valid; the app does not boot. */
export const JWT_INVALID_OPTION: OptionError = createOptionError("JWT_INVALID_OPTION");

/** The token does not hold. Why is for the log: its `cause` says it. */
export const JWT_INVALID: FastifyErrorConstructor<{ code: "JWT_INVALID" }, []> = createError(
  "JWT_INVALID",
  "The token is not valid.",
  401,
);

/** The token was valid, and is no longer. */
export const JWT_EXPIRED: FastifyErrorConstructor<{ code: "JWT_EXPIRED" }, []> = createError(
  "JWT_EXPIRED",
  "The token has expired.",
  401,
);

/** No key could be fetched for as long as old ones may serve. Logged; the client is told `AUTH_UNAVAILABLE`. */
export const JWT_KEYS_UNAVAILABLE: FastifyErrorConstructor<{ code: "JWT_KEYS_UNAVAILABLE" }, []> =
  createError("JWT_KEYS_UNAVAILABLE", "There are no keys to verify tokens with.", 500);

/** Makes the refusal of a token, with the reason for the log. */
export function invalid(reason: string): Error {
  const error = new JWT_INVALID();
  error.cause = reason;
  return error;
}
