import { createOptionError, type OptionError } from "@enfilade/layer";
import createError, { type FastifyErrorConstructor } from "@fastify/error";

/** An option of the layer or of a route is not valid. Thrown while the app boots. */
export const TRUSTED_HOST_INVALID_OPTION: OptionError = createOptionError(
  "TRUSTED_HOST_INVALID_OPTION",
);

/** The request names no host, one that is none, or more than one. */
export const TRUSTED_HOST_MALFORMED: FastifyErrorConstructor<{ code: "TRUSTED_HOST_MALFORMED" }> =
  createError(
    "TRUSTED_HOST_MALFORMED",
    "The host of the request is missing, malformed or ambiguous.",
    400,
  );

/** The request names a host that is not one of this server's. */
export const TRUSTED_HOST_UNKNOWN: FastifyErrorConstructor<{ code: "TRUSTED_HOST_UNKNOWN" }> =
  createError("TRUSTED_HOST_UNKNOWN", "This server does not answer for that host.", 400);

/** The same over a connection that a client may have opened for another host (RFC 9110, section 15.5.20). */
export const TRUSTED_HOST_MISDIRECTED: FastifyErrorConstructor<{
  code: "TRUSTED_HOST_MISDIRECTED";
}> = createError("TRUSTED_HOST_MISDIRECTED", "This server does not answer for that host.", 421);
