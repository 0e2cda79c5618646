import { createOptionError, type OptionError } from "@enfilade/layer";
import createError, { type FastifyErrorConstructor } from "@fastify/error";

/** A bad option, of the registration or of a route; the app does not boot. */
export const SECURITY_HEADERS_INVALID_OPTION: OptionError = createOptionError(
  "SECURITY_HEADERS_INVALID_OPTION",
);

/** A nonce was asked for after the headers had gone out: no policy can name it any more. */
export const SECURITY_HEADERS_NONCE_TOO_LATE: FastifyErrorConstructor<
  { code: "SECURITY_HEADERS_NONCE_TOO_LATE" },
  []
> = createError(
  "SECURITY_HEADERS_NONCE_TOO_LATE",
  "@enfilade/security-headers: reply.cspNonce was first read after the headers had been sent. Read it before the reply is sent, also where the page is streamed.",
  500,
);
