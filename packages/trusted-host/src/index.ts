export {
  TRUSTED_HOST_INVALID_OPTION,
  TRUSTED_HOST_MALFORMED,
  TRUSTED_HOST_MISDIRECTED,
  TRUSTED_HOST_UNKNOWN,
} from "./errors.ts";
export { trustedHost, trustedHost as default } from "./layer.ts";
export type { HttpsRedirectOptions, TrustedHostOptions } from "./options.ts";
export type { Host, HostCheck } from "./types.ts";
