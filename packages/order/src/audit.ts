import type { Finding } from "@enfilade/layer";
import { auditConfigs } from "./audit-configs.ts";
import { auditConstraints } from "./audit-constraints.ts";
import { auditHooks } from "./audit-hooks.ts";
import { duplicateLayer, found } from "./findings.ts";
import type { Line } from "./line.ts";
import { configOf, type Route } from "./routes.ts";
import { type Member, pathOf } from "./scope.ts";

/** Solves the line and says all there is to say of it, errors first. Nothing stops at the first fault. */
export function audit(line: Line): Finding[] {
  const unresolved = line.resolve();
  const findings = [
    ...line.faults,
    ...auditNames(line),
    ...auditConstraints(line),
    ...unresolved,
    ...auditConfigs(line),
    ...auditHooks(line),
    ...line.members.flatMap((member) => auditLayer(line, member)),
  ];
  const rank = { error: 0, warning: 1, info: 2 };
  return withoutTwins(findings).sort((a, b) => rank[a.severity] - rank[b.severity]);
}

/** Fastify declares a HEAD route for every GET: what is said of the one need not be said of the other. */
function withoutTwins(findings: readonly Finding[]): Finding[] {
  const key = ({ code, why, fix }: Finding, where: string) =>
    JSON.stringify([code, where, why, fix]);
  const unique = new Map(findings.map((finding) => [key(finding, finding.where), finding]));
  return [...unique.values()].filter((finding) => {
    const twin = finding.where.replace(/^HEAD /, "GET ");
    return twin === finding.where || !unique.has(key(finding, twin));
  });
}

/** A name may stand once on every path of scopes, but for an inner one that replaces the outer on purpose. */
function auditNames({ scopes }: Line): Finding[] {
  const findings: Finding[] = [];
  for (const scope of scopes) {
    const above = scope.parent === undefined ? [] : pathOf(scope.parent);
    const inherited = new Map(
      above.flatMap(({ members }) => members).map((member) => [member.layer.name, member]),
    );
    for (const member of scope.members) {
      const outer = inherited.get(member.layer.name);
      if (outer !== undefined && !member.layer.override) {
        findings.push(duplicateLayer(member, `${outer.scope.name} above it has one already`));
      }
      if (outer === undefined && member.layer.override) findings.push(overridesNothing(member));
    }
  }
  return findings;
}

function overridesNothing({ layer, scope }: Member): Finding {
  return found(
    "ORDER_OVERRIDES_NOTHING",
    `${layer.name} in ${scope.name}`,
    "it is to replace a layer of its name further out, and there is none",
    "Leave override away, or register the outer layer in a scope above.",
  );
}

/** Asks a layer itself, showing it the routes that it reaches. */
function auditLayer(line: Line, member: Member): Finding[] {
  const { audit } = member.layer;
  if (audit === undefined) return [];
  const routes = line.routes
    .filter((route) => route.line?.doors.includes(member))
    .map((route) => ({
      method: route.methods.join(","),
      url: route.url,
      config: configOf(route) as Readonly<Record<string, unknown>>,
      layers: layersOf(route),
    }));
  return [...audit({ instance: member.scope.instance, routes })];
}

function layersOf({ line }: Route): string[] {
  return line?.doors.map(({ layer }) => layer.name) ?? [];
}
