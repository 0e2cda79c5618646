import type { AuditedRoute, Finding, ProxyTrust } from "@enfilade/layer";
import { coverOf } from "./covers.ts";
import type { Rule } from "./gate.ts";
import { OTHERWISE, type RouteClientGate } from "./options.ts";

/** Says what the rules of a registration, and those of its routes, do that may not be meant. */
export function* audit(
  own: readonly Rule[],
  routes: readonly AuditedRoute[],
  rulesOf: (gate: RouteClientGate, route: string) => readonly Rule[],
  trust: ProxyTrust,
): Generator<Finding> {
  yield* auditRules(own, "client-gate", trust);
  const seen = new Set<readonly Rule[]>();
  for (const { method, url, config } of routes) {
    const gate = config.clientGate as RouteClientGate | false | undefined;
    if (gate === undefined || gate === false) continue;
    const where = `${method} ${url}`;
    const rules = rulesOf(gate, where);
    // One object may be the config of many routes.
    if (!seen.has(rules)) yield* auditRules(rules, where, trust);
    seen.add(rules);
  }
}

function* auditRules(rules: readonly Rule[], where: string, trust: ProxyTrust): Generator<Finding> {
  for (const [index, rule] of rules.entries()) {
    const cover = coverOf(rule, rules.slice(0, index));
    if (cover !== undefined) yield unreachable(rule, cover, where);
    if (rule.dryRun) yield dryRun(rule, where);
  }
  const byAddress = rules.filter(({ conditions }) => conditions.ranges !== undefined);
  const [first] = byAddress;
  if (first !== undefined && trust.whom === "anybody") yield openProxy(first, where, trust.why);
  if (first !== undefined && trust.whom === "nobody") yield peerAddress(first, where);
  const guards = rules.some(
    ({ effect, name, conditions }) =>
      effect === "refuse" && (name === OTHERWISE || conditions.ranges !== undefined),
  );
  const claim = rules.find((rule) => guards && isClaim(rule));
  if (claim !== undefined) yield claimedAllow(claim, where);
}

/** Tells whether a rule lets in whoever says the right thing of itself. */
function isClaim({ effect, conditions: { products, ranges, headers, when } }: Rule): boolean {
  const isProduct = products !== undefined && products !== false;
  return effect === "allow" && isProduct && !ranges && !headers && !when;
}

function unreachable(rule: Rule, cover: Rule, where: string): Finding {
  return {
    code: "CLIENT_GATE_UNREACHABLE_RULE",
    severity: "warning",
    where,
    why: `the rule ${rule.name} is never met: ${cover.name} comes first, and is about everybody whom it is about`,
    fix: "Put the narrower rule first, or take it away.",
  };
}

function dryRun(rule: Rule, where: string): Finding {
  return {
    code: "CLIENT_GATE_DRY_RUN",
    severity: "info",
    where,
    why: `the rule ${rule.name} only logs whom it would refuse`,
    fix: "Take dryRun away once the log shows that it would refuse the right ones.",
  };
}

function openProxy(rule: Rule, where: string, trust: string): Finding {
  return {
    code: "CLIENT_GATE_OPEN_PROXY",
    severity: "warning",
    where,
    why: `the rule ${rule.name} goes by addresses, and ${trust}: clients write their own into X-Forwarded-For`,
    fix: 'Name the proxies: Fastify({ trustProxy: "10.0.0.0/8" }).',
  };
}

function peerAddress(rule: Rule, where: string): Finding {
  return {
    code: "CLIENT_GATE_PEER_ADDRESS",
    severity: "info",
    where,
    why: `the rule ${rule.name} goes by addresses, and no proxy is trusted: behind one, all clients have its address`,
    fix: 'Nothing, where clients connect directly. Behind a proxy: Fastify({ trustProxy: "<its address>" }).',
  };
}

function claimedAllow(rule: Rule, where: string): Finding {
  return {
    code: "CLIENT_GATE_CLAIMED_ALLOW",
    severity: "warning",
    where,
    why: `the rule ${rule.name} lets in whoever sends the right User-Agent, past rules that go by addresses or refuse everybody else`,
    fix: "Give the rule an address as well, or let who they are be proved by @enfilade/api-key.",
  };
}
