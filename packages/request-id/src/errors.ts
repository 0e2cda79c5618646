import { createOptionError, type OptionError } from "@enfilade/layer";
import createError, { type FastifyErrorConstructor } from "@fastify/error";

/** A bad option; the app does not boot. */
export const REQUEST_ID_INVALID_OPTION: OptionError = createOptionError(
  "REQUEST_ID_INVALID_OPTION",
);

/** Fastify was told to take ids from a header as they come; the app does not boot. */
export const REQUEST_ID_UNVALIDATED_HEADER: FastifyErrorConstructor<
  { code: "REQUEST_ID_UNVALIDATED_HEADER" },
  [header: string]
> = createError(
  "REQUEST_ID_UNVALIDATED_HEADER",
  "@enfilade/request-id: Fastify's own option requestIdHeader is %s, so ids from that header are used unchecked. Remove it from Fastify's options, and give this layer { header } instead.",
  500,
  TypeError,
);

/** Something else took the place of the generator; the app does not boot. */
export const REQUEST_ID_GENERATOR_REPLACED: FastifyErrorConstructor<
  { code: "REQUEST_ID_GENERATOR_REPLACED" },
  []
> = createError(
  "REQUEST_ID_GENERATOR_REPLACED",
  "@enfilade/request-id: setGenReqId() was called after this layer had set its generator, so inbound ids would go unchecked. Remove that call, and give this layer { generate } instead.",
  500,
);

/** An `accept` or `generate` of the application failed; logged, and the request goes on with a generated id. */
export const REQUEST_ID_CALLBACK_FAILED: FastifyErrorConstructor<
  { code: "REQUEST_ID_CALLBACK_FAILED" },
  [option: string, why: string]
> = createError(
  "REQUEST_ID_CALLBACK_FAILED",
  "@enfilade/request-id: the option %s %s. Such a function answers at once, and does not throw.",
  500,
);
