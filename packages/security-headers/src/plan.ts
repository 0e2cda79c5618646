import { type CspPolicy, compileCsp } from "./csp.ts";
import { kebab } from "./csp-directives.ts";
import {
  formatFixed,
  formatStrictTransportSecurity,
  readCacheControl,
  readNames,
} from "./header-values.ts";
import type { SecurityHeadersOptions } from "./options.ts";
import { compilePermissionsPolicy } from "./permissions-policy.ts";
import type { Refuse } from "./refusal.ts";
import { decide, type Settings } from "./settings.ts";

/** A policy that names the nonces of a response, once there are any. */
interface NoncedHeader {
  readonly name: string;
  readonly policy: CspPolicy;
}

/** Everything that an answer over one kind of connection gets, prepared once. */
export interface HeaderSet {
  /** The headers, by lower-case name. */
  readonly headers: Readonly<Record<string, string>>;
  readonly nonced: readonly NoncedHeader[];
  /** `Cache-Control` of answers to somebody in particular. */
  readonly cacheControl: string | undefined;
  readonly credentialHeaders: readonly string[];
  readonly strip: ReadonlySet<string> | undefined;
}

/** What the answers of a route get. */
export interface Plan {
  readonly plain: HeaderSet;
  /** Over TLS. */
  readonly secure: HeaderSet;
}

/**
 * Prepares the headers that options ask for.
 *
 * @param layers - the registration's options, then the route's
 * @throws `SECURITY_HEADERS_INVALID_OPTION`
 */
export function createPlan(layers: readonly SecurityHeadersOptions[], refuse: Refuse): Plan {
  const settings = decide(layers, refuse);
  return {
    plain: createSet(settings, false, refuse),
    secure: createSet(settings, true, refuse),
  };
}

function createSet(settings: Settings, secure: boolean, refuse: Refuse): HeaderSet {
  const { permissionsPolicy, strip } = settings;
  const headers = new Map<string, string>();
  const nonced: NoncedHeader[] = [];
  for (const option of ["contentSecurityPolicy", "contentSecurityPolicyReportOnly"] as const) {
    const policy = readCsp(option, settings, secure, refuse);
    if (policy === undefined) continue;
    headers.set(option, policy.idle);
    if (policy.nonced) nonced.push({ name: kebab(option), policy });
  }
  for (const [option, value] of formatFixed(settings, refuse)) headers.set(option, value);
  if (permissionsPolicy !== false) {
    const policy = readPermissionsPolicy(permissionsPolicy, refuse);
    headers.set("permissionsPolicy", policy);
  }
  const transport = formatStrictTransportSecurity(settings, refuse);
  if (transport !== undefined && secure) headers.set("strictTransportSecurity", transport);
  return {
    headers: Object.fromEntries([...headers].map(([option, value]) => [kebab(option), value])),
    nonced,
    cacheControl: readCacheControl(settings, refuse),
    credentialHeaders: readNames("credentialHeaders", settings.credentialHeaders, refuse),
    strip: strip === false ? undefined : new Set(readNames("strip", strip, refuse)),
  };
}

function readCsp(
  option: "contentSecurityPolicy" | "contentSecurityPolicyReportOnly",
  settings: Settings,
  secure: boolean,
  refuse: Refuse,
): CspPolicy | undefined {
  const directives: unknown = settings[option];
  if (directives === false) return undefined;
  if (typeof directives !== "object" || directives === null || Array.isArray(directives)) {
    return refuse(
      option,
      directives,
      "Give directives such as { scriptSrc: [\"'self'\"] }, or false.",
    );
  }
  const reportOnly = option === "contentSecurityPolicyReportOnly";
  return compileCsp(directives, { option, reportOnly, secure, refuse });
}

function readPermissionsPolicy(
  policy: Exclude<Settings["permissionsPolicy"], false>,
  refuse: Refuse,
): string {
  if (typeof policy === "string" || (typeof policy === "object" && policy !== null)) {
    return compilePermissionsPolicy("permissionsPolicy", policy, refuse);
  }
  return refuse("permissionsPolicy", policy, "Give features such as { camera: [] }, or false.");
}
