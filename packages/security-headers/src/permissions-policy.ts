import { type Refuse, refusalOf } from "./refusal.ts";

/**
 * Who may use a feature of the browser: nobody (`[]`), everybody (`"*"`), or a list of `"self"`, `"src"` and origins;
 * `false` takes away a feature that the profile or the registration named.
 */
export type Allowlist = "*" | readonly string[] | false;

/** Features by the names that the browsers have for them, such as `"picture-in-picture"`. */
export type PermissionsPolicy = Readonly<Record<string, Allowlist>>;

const FEATURE = /^[a-z][a-z0-9-]*$/;
const ORIGIN = /^https?:\/\/(?:\*\.)?[a-z0-9-]+(?:\.[a-z0-9-]+)*(?::\d{1,5})?$/;
/** One member of the dictionary (RFC 9651), as far as Permissions Policy has a use for it. */
const MEMBER =
  /^[a-z][a-z0-9-]*=(?:\*|self|src|"[!#-+\--[\]-~]+"|\((?:\*|self|src|"[!#-+\--[\]-~]+"| )*\))(?:;report-to=[a-z][a-z0-9_-]*)?$/;

/**
 * Writes the value of the header, or checks one that is written already.
 *
 * @throws `SECURITY_HEADERS_INVALID_OPTION`
 */
export function compilePermissionsPolicy(
  option: string,
  policy: PermissionsPolicy | string,
  refuse: Refuse,
): string {
  if (typeof policy === "string") {
    const members = policy.split(/, */);
    if (members.every((member) => MEMBER.test(member))) return policy;
    return refuse(option, policy, "Give features such as camera=(), geolocation=(self).");
  }
  const members: string[] = [];
  for (const [feature, allowlist] of Object.entries(policy)) {
    const path = `${option}.${feature}`;
    if (!FEATURE.test(feature)) refuse(path, allowlist, "Name a feature as browsers do: sync-xhr.");
    if (allowlist === false || allowlist === undefined) continue;
    members.push(`${feature}=${formatAllowlist(path, allowlist, refuse)}`);
  }
  return members.length > 0
    ? members.join(", ")
    : refuse(option, policy, "It has no feature; give some, or false.");
}

function formatAllowlist(path: string, allowlist: unknown, refuse: Refuse): string {
  if (allowlist === "*") return "*";
  if (!Array.isArray(allowlist)) {
    return refuse(path, allowlist, 'Give an array such as ["self"], "*", or false.');
  }
  const items = allowlist.map((item: unknown) => {
    if (item === "self" || item === "src") return item;
    if (typeof item === "string" && ORIGIN.test(item)) return `"${item}"`;
    return refuse(path, item, 'Give "self", "src", or an origin such as https://example.com.');
  });
  return `(${items.join(" ")})`;
}

/**
 * Writes a Permissions Policy, for a handler that wants one of its own. Every feature and origin is checked.
 *
 * @throws `SECURITY_HEADERS_INVALID_OPTION`
 * @example
 * ```ts
 * formatPermissionsPolicy({ camera: [], geolocation: ["self", "https://maps.example"] });
 * // camera=(), geolocation=(self "https://maps.example")
 * ```
 */
export function formatPermissionsPolicy(policy: PermissionsPolicy): string {
  return compilePermissionsPolicy("policy", policy, refusalOf("@enfilade/security-headers"));
}
