import { createOptionError, type OptionError } from "@enfilade/layer";

/** Thrown on registration, and when a route is declared, for an option that is not valid. */
export const REQUEST_LOG_INVALID_OPTION: OptionError = createOptionError(
  "REQUEST_LOG_INVALID_OPTION",
);
