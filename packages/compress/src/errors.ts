import { createOptionError, type OptionError } from "@enfilade/layer";
import createError, { type FastifyErrorConstructor } from "@fastify/error";

type Bare<Code extends string> = FastifyErrorConstructor<{ code: Code }, []>;

/** Thrown on registration, and when a route is declared, for an option that is not valid. */
export const COMPRESS_INVALID_OPTION: OptionError = createOptionError("COMPRESS_INVALID_OPTION");

/** Thrown on registration where the very same instance has the layer already. */
export const COMPRESS_REGISTERED_TWICE: Bare<"COMPRESS_REGISTERED_TWICE"> = createError(
  "COMPRESS_REGISTERED_TWICE",
  "@enfilade/compress was registered twice in one instance: bodies would be decoded twice. Give routes config.compress, or a scope of their own.",
);

/** Answers, with status 406 and before the handler runs, a request that takes neither what is there nor what can be made of it. */
export const COMPRESS_NOT_ACCEPTABLE: Bare<"COMPRESS_NOT_ACCEPTABLE"> = createError(
  "COMPRESS_NOT_ACCEPTABLE",
  "The request accepts none of the content codings that there are.",
  406,
);

/** Answers, with status 415, a body in a coding that is not taken, or in more than one. */
export const COMPRESS_UNSUPPORTED_CODING: Bare<"COMPRESS_UNSUPPORTED_CODING"> = createError(
  "COMPRESS_UNSUPPORTED_CODING",
  "The body must be in one of the content codings that the Accept-Encoding header names.",
  415,
);

/** Answers, with status 400, a body that is not what its Content-Encoding says. */
export const COMPRESS_INVALID_BODY: Bare<"COMPRESS_INVALID_BODY"> = createError(
  "COMPRESS_INVALID_BODY",
  "The body could not be decoded.",
  400,
);

/** Answers, with status 413, a body that is too large once decoded, or too large for what was sent. */
export const COMPRESS_BODY_TOO_LARGE: Bare<"COMPRESS_BODY_TOO_LARGE"> = createError(
  "COMPRESS_BODY_TOO_LARGE",
  "The decoded body is too large.",
  413,
);
