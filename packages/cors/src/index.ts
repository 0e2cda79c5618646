import "./types.ts";

export {
  CORS_INVALID_OPTION,
  CORS_INVALID_PREFLIGHT,
  CORS_INVALID_VERDICT,
  CORS_ORIGIN_REFUSED,
  CORS_REGISTERED_TWICE,
  CORS_UNSAFE_PATTERN,
  CORS_WILDCARD_CREDENTIALS,
} from "./errors.ts";
export { cors, cors as default } from "./layer.ts";
export { type CorsOptions, type CorsRouteOptions, EXPOSED_HEADERS } from "./options.ts";
export type { OriginFunction, OriginRule } from "./types.ts";
