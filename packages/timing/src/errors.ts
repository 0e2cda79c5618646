import { createOptionError, type OptionError } from "@enfilade/layer";
import createError, { type FastifyErrorConstructor } from "@fastify/error";

/** Thrown on registration, and when a route is declared, for an option that is not valid. */
export const TIMING_INVALID_OPTION: OptionError = createOptionError("TIMING_INVALID_OPTION");

/** Thrown by `span` and `measure` for a name or a description that no header can carry. */
export const TIMING_INVALID_SPAN: FastifyErrorConstructor<
  { code: "TIMING_INVALID_SPAN" },
  [option: string, received: string, fix: string]
> = createError(
  "TIMING_INVALID_SPAN",
  "@enfilade/timing: the %s of a span is %s. %s",
  500,
  TypeError,
);
