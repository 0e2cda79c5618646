import type { CspDirectives } from "./csp-directives.ts";
import type { PermissionsPolicy } from "./permissions-policy.ts";
import type { Profile } from "./profiles.ts";

export type ReferrerPolicy =
  | "no-referrer"
  | "no-referrer-when-downgrade"
  | "origin"
  | "origin-when-cross-origin"
  | "same-origin"
  | "strict-origin"
  | "strict-origin-when-cross-origin"
  | "unsafe-url";

export interface StrictTransportSecurity {
  /** How long browsers keep to TLS; `0` makes them forget it. @defaultValue 63072000, two years */
  readonly maxAgeSeconds?: number;
  /** @defaultValue `true` */
  readonly includeSubDomains?: boolean;
  /**
   * Asks to be put on the browsers' own lists, which is hard to undo; needs a year or more, and the subdomains.
   * @defaultValue `false`
   */
  readonly preload?: boolean;
}

/** One option for each header, named like it; `false` leaves the header out. */
export interface HeaderOptions {
  /** Laid over the profile's policy, directive by directive. @defaultValue the profile's */
  readonly contentSecurityPolicy?: CspDirectives | false;
  /** A policy that only reports; it starts from nothing. @defaultValue `false` */
  readonly contentSecurityPolicyReportOnly?: CspDirectives | false;
  /**
   * Where pages load resources of other origins from: `"require-corp"` wants their consent.
   * @defaultValue `"require-corp"`
   */
  readonly crossOriginEmbedderPolicy?: "require-corp" | "credentialless" | "unsafe-none" | false;
  /** @defaultValue `"same-origin"` */
  readonly crossOriginOpenerPolicy?:
    | "same-origin"
    | "same-origin-allow-popups"
    | "noopener-allow-popups"
    | "unsafe-none"
    | false;
  /** Who may embed the answer without CORS; CORS itself is not touched. @defaultValue `"same-origin"` */
  readonly crossOriginResourcePolicy?: "same-origin" | "same-site" | "cross-origin" | false;
  /** @defaultValue `"?1"` for pages, `false` for APIs */
  readonly originAgentCluster?: "?1" | false;
  /** Laid over the profile's features, one by one; a string stands as it is. @defaultValue the profile's */
  readonly permissionsPolicy?: PermissionsPolicy | string | false;
  /** Names and URLs for the `reportTo` of a policy. @defaultValue `false` */
  readonly reportingEndpoints?: Readonly<Record<string, string>> | false;
  /** What browsers shall forget, for a route that logs out. @defaultValue `false` */
  readonly clearSiteData?:
    | readonly ("*" | "cache" | "cookies" | "storage" | "executionContexts")[]
    | false;
  /** Several are a list of fallbacks, the one that counts last. @defaultValue `"no-referrer"` */
  readonly referrerPolicy?: ReferrerPolicy | readonly ReferrerPolicy[] | false;
  /**
   * Sent over TLS only, as RFC 6797 wants it. Behind a proxy that ends TLS, Fastify's `trustProxy` must
   * name it.
   * @defaultValue two years, with subdomains
   */
  readonly strictTransportSecurity?: StrictTransportSecurity | false;
  /** @defaultValue `"nosniff"` */
  readonly xContentTypeOptions?: "nosniff" | false;
  /** @defaultValue `"off"` */
  readonly xDnsPrefetchControl?: "off" | "on" | false;
  /** @defaultValue `"DENY"` */
  readonly xFrameOptions?: "DENY" | "SAMEORIGIN" | false;
  /** @defaultValue `"none"` */
  readonly xPermittedCrossDomainPolicies?:
    | "none"
    | "none-this-response"
    | "master-only"
    | "by-content-type"
    | "by-ftp-filename"
    | "all"
    | false;
  /** @defaultValue `"0"`, the only safe value */
  readonly xXssProtection?: "0" | false;
  /**
   * `Cache-Control` of answers to somebody in particular: the request carried credentials, or has a
   * `principal`, or the answer sets a cookie or has a nonce. Never in place of what a handler set.
   * @defaultValue `"no-store"`
   */
  readonly cacheControl?: string | false;
  /**
   * The request headers that count as credentials.
   * @defaultValue `["authorization", "cookie", "x-api-key"]`
   */
  readonly credentialHeaders?: readonly string[];
  /**
   * The response headers that are taken away, whoever set them.
   * @defaultValue `FINGERPRINTS`, the list of the OWASP Secure Headers Project
   */
  readonly strip?: readonly string[] | false;
}

export interface SecurityHeadersOptions extends HeaderOptions {
  /** What the answers are: `"api"` for data, `"page"` for documents. @defaultValue `"api"` */
  readonly profile?: Profile;
}

/** A route's own: laid over the registration's options; `false` for no security headers at all. */
export type RouteSecurityHeaders = SecurityHeadersOptions | false;
