import type { Phase } from "@enfilade/layer";
import type { Line } from "./line.ts";
import { phasesOf, RESPONSES, type ResponseKind } from "./responses.ts";
import type { Route } from "./routes.ts";
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
  const reached = routes.filter((route) => reaches(member, route));
  const seen = phasesOn(member, reached);
  const seenNotFound = phasesOn(
    member,
    notFound.filter((route) => reaches(member, route)),
  );
  const kinds = Object.keys(RESPONSES) as ResponseKind[];
  return {
    layer: member.layer.name,
    scope: member.scope.name,
    routes: reached.length,
    ofRoutes: routes.length,
    responses: Object.fromEntries(
      kinds.map((kind) => {
        const met = kind === "not found" ? seenNotFound : seen;
        return [kind, phasesOf(kind).filter((phase) => met.has(phase))];
      }),
    ) as unknown as LayerCoverage["responses"],
  };
}

function reaches(member: Member, { line }: Route): boolean {
  return line?.doors.includes(member) ?? false;
}

/** Gives the phases that a layer has on some routes, none where it has no route. */
function phasesOn(member: Member, routes: readonly Route[]): ReadonlySet<Phase> {
  return new Set(
    routes.flatMap(({ steps }) =>
      [...member.layer.steps, ...(steps.get(member) ?? [])].map(({ phase }) => phase),
    ),
  );
}
