import { type Finding, isPlace } from "@enfilade/layer";
import { found } from "./findings.ts";
import type { Line } from "./line.ts";
import { type Member, reaches, type Scope } from "./scope.ts";
import { type Constraint, nameOfTarget } from "./solve.ts";

/** What the constraints of the layers name wrongly, and where they contradict each other. */
export function auditConstraints(line: Line): Finding[] {
  const { members } = line;
  return [
    ...members.flatMap((member) => auditTargets(member, members)),
    ...[...line.scopes].flatMap((scope) => {
      const { cycle } = line.sequenceAt(scope);
      // A scope below sees the same cycle; it is told where all of its layers have met.
      const inherited = scope.parent && line.sequenceAt(scope.parent).cycle !== undefined;
      return cycle === undefined || inherited ? [] : [cyclic(cycle, scope.name)];
    }),
  ];
}

function auditTargets(member: Member, members: readonly Member[]): Finding[] {
  const { name, before, after } = member.layer;
  const findings: Finding[] = [];
  for (const target of [...before, ...after]) {
    if (nameOfTarget(target) === name) findings.push(selfReference(member));
    else if (!target.endsWith("?") && !isPlace(target)) {
      const met = members.some(({ layer, scope }) => layer.name === target && meets(scope, member));
      if (!met) findings.push(unknownTarget(member, target, members));
    }
  }
  return findings;
}

/** Tells whether a layer of a scope can ever share a line with another: only on one path of scopes. */
function meets(scope: Scope, member: Member): boolean {
  return reaches(scope, member.scope) || reaches(member.scope, scope);
}

function selfReference({ layer, scope }: Member): Finding {
  return found(
    "ORDER_SELF_REFERENCE",
    `${layer.name} in ${scope.name}`,
    "it is to come before or after itself",
    "Name another layer, or a place.",
  );
}

function unknownTarget(member: Member, target: string, members: readonly Member[]): Finding {
  const met = members.filter(({ scope }) => meets(scope, member)).map(({ layer }) => layer.name);
  return found(
    "ORDER_UNKNOWN_TARGET",
    `${member.layer.name} in ${member.scope.name}`,
    `it is to come before or after "${target}", and no layer that it can meet and no place has that name`,
    `The layers here, above and below are ${[...new Set(met)].sort().join(", ")}. If it need not be there, write "${target}?".`,
  );
}

/** Prints the path of a cycle: who must come before whom, and who said so. */
function cyclic(cycle: readonly Constraint[], scope: string): Finding {
  const first = cycle[0]?.outer.layer.name ?? "";
  const path = cycle.map(
    ({ inner, by, kind, target }) =>
      `→ ${inner.layer.name} (${by.layer.name}: ${kind} "${target}")`,
  );
  return found(
    "ORDER_CYCLE",
    scope,
    `the layers hold each other back: ${first} ${path.join(" ")}`,
    "Take one of these constraints away.",
  );
}
