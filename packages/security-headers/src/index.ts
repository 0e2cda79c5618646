export { formatContentSecurityPolicy } from "./csp.ts";
export type { CspDirectives, CspSource, CspSources } from "./csp-directives.ts";
export { SECURITY_HEADERS_INVALID_OPTION, SECURITY_HEADERS_NONCE_TOO_LATE } from "./errors.ts";
export { FINGERPRINTS } from "./fingerprints.ts";
export { createHeaders } from "./headers.ts";
export { securityHeaders, securityHeaders as default } from "./layer.ts";
export { createNonces, type Nonces } from "./nonces.ts";
export type {
  HeaderOptions,
  ReferrerPolicy,
  RouteSecurityHeaders,
  SecurityHeadersOptions,
  StrictTransportSecurity,
} from "./options.ts";
export {
  type Allowlist,
  formatPermissionsPolicy,
  type PermissionsPolicy,
} from "./permissions-policy.ts";
export type { Profile } from "./profiles.ts";
