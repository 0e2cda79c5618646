import type { Phase } from "@enfilade/layer";
import type { Line } from "./line.ts";
import { phasesOf, RESPONSES, type ResponseKind } from "./responses.ts";
import type { Member } from "./scope.ts";

/** What one layer sees of each kind of response, on the routes that it is in line for. */
export interface LayerCoverage {
  readonly layer: string;
  readonly scope: string;
  /** How many routes it is in line for, of how many. */
  readonly routes: number;
  readonly ofRoutes: number;
  /** The phases of the layer that run for each kind of response; none where it is not reached. */
  readonly responses: Readonly<Record<ResponseKind, readonly Phase[]>>;
}

/** Says which responses each layer reaches. */
export function coverage(line: Line): LayerCoverage[] {
  return line.members.map((member) => coverageOf(line, member));
}

function coverageOf({ routes, notFound }: Line, member: Member): LayerCoverage {
  const reached = routes.filter((route) => route.line?.doors.includes(member));
  const used = new Set(
    [...reached, ...notFound].flatMap((route) => [
      ...member.layer.steps.map(({ phase }) => phase),
      ...(route.steps.get(member) ?? []).map(({ phase }) => phase),
    ]),
  );
  const kinds = Object.keys(RESPONSES) as ResponseKind[];
  return {
    layer: member.layer.name,
    scope: member.scope.name,
    routes: reached.length,
    ofRoutes: routes.length,
    responses: Object.fromEntries(
      kinds.map((kind) => [kind, phasesOf(kind).filter((phase) => used.has(phase))]),
    ) as unknown as LayerCoverage["responses"],
  };
}
