import { createOptionError, type OptionError } from "@enfilade/layer";
import createError, { type FastifyErrorConstructor } from "@fastify/error";

/** An option of the layer, of `serverErrors` or of a route is not valid. Thrown while the app boots. */
export const ERRORS_INVALID_OPTION: OptionError = createOptionError("ERRORS_INVALID_OPTION");

/** An HTTP/1.1 request came without a Host (RFC 9112, section 3.2). */
export const ERRORS_MISSING_HOST: FastifyErrorConstructor<{ code: "ERRORS_MISSING_HOST" }> =
  createError("ERRORS_MISSING_HOST", "The request has no Host header.", 400);

/** A request expects something other than `100-continue` (RFC 9110, section 10.1.1). */
export const ERRORS_EXPECTATION_FAILED: FastifyErrorConstructor<{
  code: "ERRORS_EXPECTATION_FAILED";
}> = createError(
  "ERRORS_EXPECTATION_FAILED",
  "The server cannot meet what the Expect header asks for.",
  417,
);

/** A request came while the server was closing. */
export const ERRORS_SERVER_CLOSING: FastifyErrorConstructor<{ code: "ERRORS_SERVER_CLOSING" }> =
  createError("ERRORS_SERVER_CLOSING", "The server is about to stop; try again.", 503);
