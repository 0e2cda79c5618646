import { optionReader } from "@enfilade/layer";
import { AUTH_INVALID_OPTION } from "./errors.ts";
import { type DescribedResource, describeResource, type ProtectedResource } from "./metadata.ts";
import { createRuleMap, type MappedRule, type RuleMap } from "./rule-map.ts";
import { ADMIN_SCOPE, isScope } from "./scopes.ts";

export interface AuthOptions {
  /** The scope that allows everything, ownership included; `false` for none. @defaultValue `"agent_os:admin"` */
  readonly adminScope?: string | false;
  /**
   * Rules for routes that have no `config.access` of their own, by `METHOD /path`: for plugins' routes, or to
   * keep all rules in one place. `AGENT_OS_RULES` is one.
   * @defaultValue `{}`
   */
  readonly rules?: RuleMap;
  /**
   * What a route means that nothing gives a rule: `"refuse"` does not boot; `"authenticated"` lets every
   * principal in.
   * @defaultValue `"refuse"`
   */
  readonly unruled?: "refuse" | "authenticated";
  /** What OAuth clients are told of this server (RFC 9728). @defaultValue none */
  readonly resources?: ProtectedResource | readonly ProtectedResource[];
}

/** The options, checked and prepared. */
export interface ResolvedOptions {
  readonly adminScope: string | false;
  readonly map: readonly MappedRule[];
  readonly unruled: "refuse" | "authenticated";
  readonly resources: readonly DescribedResource[];
}

const KNOWN = ["adminScope", "rules", "unruled", "resources"];

/**
 * Checks the options.
 *
 * @throws `AUTH_INVALID_OPTION`
 */
export function resolveOptions(options: AuthOptions): ResolvedOptions {
  const read = optionReader("@enfilade/auth", AUTH_INVALID_OPTION, options, KNOWN);
  const { adminScope = ADMIN_SCOPE, rules = {}, resources = [] } = options;
  if (adminScope !== false && !isScope(adminScope)) {
    read.refuse("adminScope", "Give a scope, or false.");
  }
  if (typeof rules !== "object" || rules === null || Array.isArray(rules)) {
    read.refuse(
      "rules",
      'Give an object: { "POST /agents/:id/runs": { scopes: ["agents:run"] } }.',
    );
  }
  const list = [resources].flat() as readonly ProtectedResource[];
  const odd = list.findIndex((resource) => typeof resource !== "object" || resource === null);
  if (odd !== -1) {
    read.refuse(
      "resources",
      'Give { resource: "https://api.example", … }, or a list of them.',
      odd,
    );
  }
  return {
    adminScope,
    map: createRuleMap(rules),
    unruled: read.oneOf("unruled", "refuse", ["refuse", "authenticated"]),
    resources: list.map(describeResource),
  };
}
