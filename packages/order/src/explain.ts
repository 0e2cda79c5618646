import { isOutbound, isPlace, PHASES, type Phase } from "@enfilade/layer";
import type { Constraints } from "./constraints.ts";
import type { Line } from "./line.ts";
import { toMermaid } from "./mermaid.ts";
import { phasesOf, type ResponseKind } from "./responses.ts";
import { constraintsOf, type LeftOut, nameOfRoute, type Route, type RouteLine } from "./routes.ts";
import type { Member } from "./scope.ts";
import { type Constraint, nameOfTarget } from "./solve.ts";
import { toSvg } from "./svg.ts";
import { toText } from "./text.ts";

/** One layer in the line of a route. */
export interface Door {
  readonly layer: string;
  readonly place: string;
  readonly scope: string;
  /** How deep the scope lies; 0 for the root. */
  readonly depth: number;
  /** The phases that it meets on the way in, and on the way out. */
  readonly inward: readonly Phase[];
  readonly outward: readonly Phase[];
  /** What put it there: its place, or the constraints that it or others asked for. */
  readonly because: string;
}

/** The line of one route, as data. */
export interface LineView {
  readonly name: string;
  readonly kind: Route["kind"];
  readonly methods: readonly string[];
  readonly url: string;
  /** What a request has to bring besides; nothing for most routes. */
  readonly constraints: Constraints;
  readonly scope: string;
  /** Outermost first: a request meets them in this order, a response in reverse. */
  readonly doors: readonly Door[];
  readonly leftOut: readonly LeftOut[];
  /** The layers that run in each phase, in the order of their running. */
  readonly phases: Readonly<Record<Phase, readonly string[]>>;
}

/** The line of one route, as data and as drawings. */
export interface Explanation extends LineView {
  /** Every hook that runs for a kind of response, as `phase layer`, in order. */
  trace(kind: ResponseKind): string[];
  /** An aligned table. */
  toText(): string;
  /** A Mermaid flowchart. */
  toMermaid(): string;
  /** A drawing of the doors in line, the way in and the way out; stands alone as a file. */
  toSvg(): string;
}

/** Explains a solved route. */
export function explain(line: Line, route: Route, solved: RouteLine): Explanation {
  const sequence = line.sequenceAt(route.scope);
  const view: LineView = {
    name: nameOfRoute(route),
    kind: route.kind,
    methods: route.methods,
    url: route.url,
    constraints: constraintsOf(route),
    scope: route.scope.name,
    doors: solved.doors.map((member) => doorOf(member, solved, sequence.constraints)),
    leftOut: solved.leftOut,
    phases: Object.fromEntries(
      PHASES.map((phase) => [phase, solved.plan[phase].map((step) => step.layer)]),
    ) as unknown as LineView["phases"],
  };
  return {
    ...view,
    trace: (kind) =>
      phasesOf(kind).flatMap((phase) => view.phases[phase].map((layer) => `${phase} ${layer}`)),
    toText: () => toText(view),
    toMermaid: () => toMermaid(view),
    toSvg: () => toSvg(view),
  };
}

function doorOf(member: Member, { plan }: RouteLine, constraints: readonly Constraint[]): Door {
  const { layer, scope } = member;
  const phases = PHASES.filter((phase) => plan[phase].some((step) => step.layer === layer.name));
  return {
    layer: layer.name,
    place: layer.place,
    scope: scope.name,
    depth: scope.depth,
    inward: phases.filter((phase) => !isOutbound(phase)),
    outward: phases.filter(isOutbound),
    because: reasonOf(member, constraints),
  };
}

/** Says what put a layer where it is: what it asked for itself, or else its place. */
function reasonOf(member: Member, constraints: readonly Constraint[]): string {
  const { before, after, requires, place } = member.layer;
  const asked = (target: string) =>
    isPlace(target) ||
    constraints.some(({ by, target: named }) => by === member && named === target);
  const reasons = [
    ...before.filter(asked).map((target) => `before ${nameOfTarget(target)}`),
    ...after.filter(asked).map((target) => `after ${nameOfTarget(target)}`),
    ...requires.filter(asked).map((target) => `needs ${target}`),
  ];
  return [...new Set(reasons)].join(", ") || `place ${place}`;
}
