import { isToken, TOKEN } from "@enfilade/layer";
import type { StrictTransportSecurity } from "./options.ts";
import { type Refuse, refuseIn, UNKNOWN } from "./refusal.ts";
import type { Settings } from "./settings.ts";

/** The headers that have one of a few values. */
const CHOICES = {
  crossOriginEmbedderPolicy: ["require-corp", "credentialless", "unsafe-none"],
  crossOriginOpenerPolicy: [
    "same-origin",
    "same-origin-allow-popups",
    "noopener-allow-popups",
    "unsafe-none",
  ],
  crossOriginResourcePolicy: ["same-origin", "same-site", "cross-origin"],
  originAgentCluster: ["?1"],
  xContentTypeOptions: ["nosniff"],
  xDnsPrefetchControl: ["off", "on"],
  xFrameOptions: ["DENY", "SAMEORIGIN"],
  xPermittedCrossDomainPolicies: [
    "none",
    "none-this-response",
    "master-only",
    "by-content-type",
    "by-ftp-filename",
    "all",
  ],
  xXssProtection: ["0"],
} as const satisfies Partial<Record<keyof Settings, readonly string[]>>;

const REFERRER: ReadonlySet<unknown> = new Set(
  `no-referrer no-referrer-when-downgrade origin origin-when-cross-origin same-origin strict-origin
   strict-origin-when-cross-origin unsafe-url`.split(/\s+/),
);
const SITE_DATA: ReadonlySet<unknown> = new Set([
  "*",
  "cache",
  "cookies",
  "storage",
  "executionContexts",
]);
const TWO_YEARS = 63_072_000;
/** What https://hstspreload.org asks for. */
const PRELOAD_MINIMUM = 31_536_000;
/** Browsers read no more digits than this without overflow. */
const MAX_AGE_LIMIT = 2 ** 31 - 1;
const ENDPOINT = /^[a-z*][a-z0-9_.*-]*$/;
const ENDPOINT_URL = /^(?:https:\/\/|\/(?!\/))[!#-+\--[\]-~]*$/;
const DIRECTIVE = `${TOKEN.source}(?:=(?:${TOKEN.source}|"[ !#-[\\]-~]*"))?`;
const CACHE_CONTROL = new RegExp(`^${DIRECTIVE}(?:, ?${DIRECTIVE})*$`);

/** Writes the headers whose value does not depend on the request, by the names of their options. */
export function formatFixed(settings: Settings, refuse: Refuse): Map<string, string> {
  const values = new Map<string, string>();
  for (const [option, choices] of Object.entries(CHOICES)) {
    const value: unknown = settings[option as keyof typeof CHOICES];
    if (value === false) continue;
    const found = choices.find((choice) => choice === value);
    values.set(
      option,
      found ?? refuse(option, value, `Use one of ${choices.join(", ")}, or false.`),
    );
  }
  add(values, "referrerPolicy", formatReferrerPolicy(settings, refuse));
  add(values, "clearSiteData", formatClearSiteData(settings, refuse));
  add(values, "reportingEndpoints", formatEndpoints(settings, refuse));
  return values;
}

function add(values: Map<string, string>, option: string, value: string | undefined): void {
  if (value !== undefined) values.set(option, value);
}

function formatReferrerPolicy({ referrerPolicy }: Settings, refuse: Refuse): string | undefined {
  if (referrerPolicy === false) return undefined;
  const policies = [referrerPolicy].flat();
  const wrong = policies.findIndex((policy) => !REFERRER.has(policy));
  if (policies.length > 0 && wrong === -1) return policies.join(", ");
  const fix = `Use one of ${[...REFERRER].join(", ")}, several of them, or false.`;
  return refuseIn("referrerPolicy", referrerPolicy, wrong, fix, refuse);
}

function formatClearSiteData({ clearSiteData }: Settings, refuse: Refuse): string | undefined {
  if (clearSiteData === false) return undefined;
  const kinds: readonly unknown[] = Array.isArray(clearSiteData) ? clearSiteData : [];
  const wrong = kinds.findIndex((kind) => !SITE_DATA.has(kind));
  if (kinds.length > 0 && wrong === -1) return kinds.map((kind) => `"${kind}"`).join(", ");
  const fix = `Give some of ${[...SITE_DATA].join(", ")} in an array, or false.`;
  return refuseIn("clearSiteData", clearSiteData, wrong, fix, refuse);
}

function formatEndpoints({ reportingEndpoints }: Settings, refuse: Refuse): string | undefined {
  if (reportingEndpoints === false) return undefined;
  const entries = Object.entries(Object(reportingEndpoints) as Record<string, unknown>);
  if (typeof reportingEndpoints !== "object" || entries.length === 0) {
    refuse("reportingEndpoints", reportingEndpoints, "Give names and URLs, or false.");
  }
  const members = entries.map(([name, url]) => {
    const path = `reportingEndpoints.${name}`;
    if (!ENDPOINT.test(name))
      refuse(path, url, "Name it in lower-case letters, digits and dashes.");
    if (typeof url === "string" && ENDPOINT_URL.test(url)) return `${name}="${url}"`;
    return refuse(path, url, "Give an https URL, or a path that starts with a slash.");
  });
  return members.join(", ");
}

/** Writes the header that only an answer over TLS carries. */
export function formatStrictTransportSecurity(
  { strictTransportSecurity: given }: Settings,
  refuse: Refuse,
): string | undefined {
  if (given === false) return undefined;
  const option = "strictTransportSecurity";
  if (typeof given !== "object" || given === null) {
    return refuse(option, given, "Give { maxAgeSeconds, includeSubDomains, preload }, or false.");
  }
  const { maxAgeSeconds = TWO_YEARS, includeSubDomains = true, preload = false, ...rest } = given;
  const [unknown] = Object.keys(rest satisfies Record<never, StrictTransportSecurity>);
  if (unknown !== undefined) {
    refuse(`${option}.${unknown}`, UNKNOWN, "Use maxAgeSeconds, includeSubDomains, preload.");
  }
  if (!Number.isInteger(maxAgeSeconds) || maxAgeSeconds < 0 || maxAgeSeconds > MAX_AGE_LIMIT) {
    refuse(`${option}.maxAgeSeconds`, maxAgeSeconds, `Give whole seconds, up to ${MAX_AGE_LIMIT}.`);
  }
  for (const [name, flag] of Object.entries({ includeSubDomains, preload })) {
    if (typeof flag !== "boolean") refuse(`${option}.${name}`, flag, "Give true or false.");
  }
  if (preload && (!includeSubDomains || maxAgeSeconds < PRELOAD_MINIMUM)) {
    refuse(`${option}.preload`, preload, "It needs includeSubDomains, and a year or more.");
  }
  return `max-age=${maxAgeSeconds}${includeSubDomains ? "; includeSubDomains" : ""}${preload ? "; preload" : ""}`;
}

/** Checks the `Cache-Control` of answers to somebody in particular. */
export function readCacheControl({ cacheControl }: Settings, refuse: Refuse): string | undefined {
  if (cacheControl === false) return undefined;
  if (typeof cacheControl === "string" && CACHE_CONTROL.test(cacheControl)) return cacheControl;
  return refuse("cacheControl", cacheControl, "Give directives such as no-store, or false.");
}

/** Checks a list of header names, and gives them in lower case. */
export function readNames(option: string, names: unknown, refuse: Refuse): readonly string[] {
  if (!Array.isArray(names)) return refuse(option, names, "Give an array of names of headers.");
  return names.map((name: unknown, index) => {
    if (isToken(name)) return name.toLowerCase();
    return refuse(`${option}[${index}]`, name, "Give names of headers.");
  });
}
