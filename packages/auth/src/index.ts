export { AGENT_OS_RULES } from "./agent-os.ts";
export { createAuthenticator, decoratePrincipal } from "./authenticator.ts";
export { BoundedCache } from "./bounded-cache.ts";
export { type Challenge, formatChallenge } from "./challenge.ts";
export {
  bearerToken,
  isForged,
  isRepeated,
  isUpgrade,
  readCookie,
  takeQueryParameter,
} from "./credentials.ts";
export { type Authenticator, hasAuthenticator, type Verdict } from "./enrolled.ts";
export {
  AUTH_INSUFFICIENT_SCOPE,
  AUTH_INVALID_ACCESS,
  AUTH_INVALID_OPTION,
  AUTH_INVALID_REQUEST,
  AUTH_NO_RULE,
  AUTH_NOT_OWNER,
  AUTH_REFUSED,
  AUTH_REQUIRED,
  AUTH_UNAVAILABLE,
} from "./errors.ts";
export {
  type AuthenticationFailure,
  type FailureListener,
  onAuthenticationFailure,
} from "./failures.ts";
export { isGuarded } from "./findings.ts";
export { auth, auth as default } from "./layer.ts";
export type { ProtectedResource } from "./metadata.ts";
export type { AuthOptions } from "./options.ts";
export type { RuleMap } from "./rule-map.ts";
export { ADMIN_SCOPE, hasScope } from "./scopes.ts";
export type { Access, AccessRule, OwnerCheck, Principal } from "./types.ts";
export { type WatchedFile, type Watching, watchedFile } from "./watched-file.ts";
