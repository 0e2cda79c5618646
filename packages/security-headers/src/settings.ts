import type { CspDirectives } from "./csp-directives.ts";
import type { HeaderOptions, SecurityHeadersOptions } from "./options.ts";
import type { PermissionsPolicy } from "./permissions-policy.ts";
import { PROFILES } from "./profiles.ts";
import { type Refuse, UNKNOWN } from "./refusal.ts";

/** Every header's option, decided. */
export type Settings = Required<HeaderOptions>;

/**
 * Lays options over each other: the profile's, the registration's, the route's. The later one wins,
 * header by header; in the two policies that are lists, entry by entry.
 *
 * @throws `SECURITY_HEADERS_INVALID_OPTION` for an unknown option or profile.
 */
export function decide(layers: readonly SecurityHeadersOptions[], refuse: Refuse): Settings {
  let profile: unknown = "api";
  for (const options of layers) {
    for (const name of Object.keys(options)) {
      if (name === "profile" || Object.hasOwn(PROFILES.api, name)) continue;
      const known = ["profile", ...Object.keys(PROFILES.api)];
      refuse(name, UNKNOWN, `Use one of ${known.join(", ")}.`);
    }
    if (options.profile !== undefined) profile = options.profile;
  }
  if (profile !== "api" && profile !== "page") {
    return refuse("profile", profile, 'Use "api" or "page".');
  }
  const defaults = PROFILES[profile];
  let settings: Settings = defaults;
  for (const options of layers) {
    settings = {
      ...settings,
      ...given(options),
      contentSecurityPolicy: over<CspDirectives>(
        defaults.contentSecurityPolicy,
        settings.contentSecurityPolicy,
        options.contentSecurityPolicy,
      ),
      contentSecurityPolicyReportOnly: over<CspDirectives>(
        false,
        settings.contentSecurityPolicyReportOnly,
        options.contentSecurityPolicyReportOnly,
      ),
      permissionsPolicy: over<PermissionsPolicy | string>(
        defaults.permissionsPolicy,
        settings.permissionsPolicy,
        options.permissionsPolicy,
      ),
    };
  }
  return settings;
}

function given({ profile: _profile, ...options }: SecurityHeadersOptions): HeaderOptions {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
}

/** What was turned off further out, and is turned on again, starts from the default. */
function over<Policy extends object | string>(
  defaults: Policy | false,
  current: Policy | false,
  next: Policy | false | undefined,
): Policy | false {
  if (next === undefined) return current;
  if (!isObject(next)) return next;
  const base = isObject(current) ? current : defaults;
  return isObject(base) ? { ...base, ...next } : next;
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
