import { type Finding, isPlace } from "@enfilade/layer";
import { found } from "./findings.ts";
import type { Line } from "./line.ts";
import type { Member } from "./scope.ts";
import { type Constraint, nameOfTarget } from "./solve.ts";

/** What the constraints of the layers name wrongly, and where they contradict each other. */
export function auditConstraints(line: Line): Finding[] {
  const { members } = line;
  const names = new Set(members.map(({ layer }) => layer.name));
  return [
    ...members.flatMap((member) => auditTargets(member, names)),
    ...[...line.scopes].flatMap((scope) => {
      const { cycle } = line.sequenceAt(scope);
      // A scope below sees the same cycle; it is told where all of its layers have met.
      const inherited = scope.parent && line.sequenceAt(scope.parent).cycle !== undefined;
      return cycle === undefined || inherited ? [] : [cyclic(cycle, scope.name)];
    }),
  ];
}

function auditTargets(member: Member, names: ReadonlySet<string>): Finding[] {
  const { name, before, after } = member.layer;
  const findings: Finding[] = [];
  for (const target of [...before, ...after]) {
    if (nameOfTarget(target) === name) findings.push(selfReference(member));
    else if (!target.endsWith("?") && !isPlace(target) && !names.has(target)) {
      findings.push(unknownTarget(member, target, names));
    }
  }
  return findings;
}

function selfReference({ layer, scope }: Member): Finding {
  return found(
    "ORDER_SELF_REFERENCE",
    `${layer.name} in ${scope.name}`,
    "it is to come before or after itself",
    "Name another layer, or a place.",
  );
}

function unknownTarget(
  { layer, scope }: Member,
  target: string,
  names: ReadonlySet<string>,
): Finding {
  return found(
    "ORDER_UNKNOWN_TARGET",
    `${layer.name} in ${scope.name}`,
    `it is to come before or after "${target}", and no layer and no place has that name`,
    `Known layers are ${[...names].sort().join(", ")}. If it need not be there, write "${target}?".`,
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
