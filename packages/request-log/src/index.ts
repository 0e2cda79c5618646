export { REQUEST_LOG_INVALID_OPTION } from "./errors.ts";
export { requestLog, requestLog as default } from "./layer.ts";
export type { Ignore, RequestLogOptions } from "./options.ts";
export type {
  Bodies,
  Level,
  RequestLogField,
  RequestLogLine,
  RequestLogRouteOptions,
} from "./types.ts";
