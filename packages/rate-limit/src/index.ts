export {
  RATE_LIMIT_BANNED,
  RATE_LIMIT_COST_TOO_LARGE,
  RATE_LIMIT_EXCEEDED,
  RATE_LIMIT_INVALID_ANSWER,
  RATE_LIMIT_INVALID_OPTION,
  RATE_LIMIT_NAME_TAKEN,
  RATE_LIMIT_NO_AUTHENTICATOR,
  RATE_LIMIT_TOO_EARLY,
  RATE_LIMIT_TOO_MANY_FAILURES,
  RATE_LIMIT_UNAVAILABLE,
} from "./errors.ts";
export { rateLimit, rateLimit as default } from "./layer.ts";
export type { FailureOptions, RateLimitOptions } from "./options.ts";
export type {
  KeyGenerator,
  RateLimitListener,
  RateLimitRouteOptions,
  RateLimitRules,
  TimeWindow,
} from "./types.ts";
