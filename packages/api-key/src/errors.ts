import { createOptionError, type OptionError } from "@enfilade/layer";
import createError, { type FastifyErrorConstructor } from "@fastify/error";

/** An option, a record of a key, or the file of keys is not valid; the app does not boot. */
export const API_KEY_INVALID_OPTION: OptionError = createOptionError("API_KEY_INVALID_OPTION");

/** The request carries what is no key, or a key that nobody knows: which of the two is not told. */
export const API_KEY_INVALID: FastifyErrorConstructor<{ code: "API_KEY_INVALID" }, []> =
  createError("API_KEY_INVALID", "The API key is not valid.", 401);

/** The key was valid, and is no longer. */
export const API_KEY_EXPIRED: FastifyErrorConstructor<{ code: "API_KEY_EXPIRED" }, []> =
  createError("API_KEY_EXPIRED", "The API key has expired.", 401);

/** A lookup did not answer in time. Logged; the client is told `AUTH_UNAVAILABLE`. */
export const API_KEY_LOOKUP_TIMEOUT: FastifyErrorConstructor<
  { code: "API_KEY_LOOKUP_TIMEOUT" },
  [number]
> = createError("API_KEY_LOOKUP_TIMEOUT", "The lookup of an API key took longer than %d ms.", 500);

/** The command was called with what it does not understand. */
export const API_KEY_USAGE: FastifyErrorConstructor<{ code: "API_KEY_USAGE" }, [string]> =
  createError("API_KEY_USAGE", "%s", 500);
