export { DIALECTS, type DialectName } from "./dialects.ts";
export {
  ERRORS_EXPECTATION_FAILED,
  ERRORS_INVALID_OPTION,
  ERRORS_MISSING_HOST,
  ERRORS_SERVER_CLOSING,
} from "./errors.ts";
export { errorEvent, errorFrame } from "./event.ts";
export { errors, errors as default } from "./layer.ts";
export type { ErrorsOptions } from "./options.ts";
export {
  createClientErrorHandler,
  createFrameworkErrors,
  type ServerErrors,
  serverErrors,
} from "./server.ts";
export type { ServerErrorsOptions } from "./server-options.ts";
export type {
  AnyReply,
  AnyRequest,
  Dialect,
  ErrorEvent,
  Problem,
  RouteErrors,
  Violation,
} from "./types.ts";
