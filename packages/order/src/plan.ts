import { isOutbound, PHASES, type Phase, type Step } from "@enfilade/layer";
import {
  type Endings,
  type FastifyPhase,
  isFastifyPhase,
  type Passage,
  passageOf,
} from "@enfilade/layer/arranging";
import type { Member, Tails } from "./scope.ts";

/** A step that knows whose it is, for explanations and for tracing. */
export interface PlanStep extends Step {
  readonly layer: string;
  readonly scope: string;
}

/** The steps of every phase, in the order of their running. */
export type Phases = { readonly [P in Phase]: readonly PlanStep[] };

/** The compiled line of one route or not-found handler: the functions of every phase, in the order of their running. */
export interface Plan extends Endings, Phases {
  readonly onHeaders: readonly PlanStep[];
  readonly onSettled: readonly PlanStep[];
  /** Which hook runs the steps of the phases in which they come behind a user's own. */
  readonly tails: Readonly<Tails>;
  /** The same steps, ready to be run by the hooks of the line. */
  readonly passages: { readonly [P in FastifyPhase]: Passage };
}

/** The steps that a layer has for one route, besides those that it has for all. */
export type RouteSteps = ReadonlyMap<Member, readonly Step[]>;

/** Compiles layers in order into the functions of each phase; the way out runs in reverse. */
export function compile(
  members: readonly Member[],
  routeSteps: RouteSteps,
  tails: Readonly<Tails>,
): Plan {
  const inward = members.map((member) =>
    [...member.layer.steps, ...(routeSteps.get(member) ?? [])].map((step) => owned(step, member)),
  );
  const outward = inward.toReversed();
  const phases = Object.fromEntries(
    PHASES.map((phase) => {
      const line = isOutbound(phase) ? outward : inward;
      return [phase, line.flat().filter((step) => step.phase === phase)];
    }),
  ) as unknown as Phases;
  return ready(phases, tails);
}

/** Makes the steps of every phase ready to be run. */
export function ready(phases: Phases, tails: Readonly<Tails>): Plan {
  const passages = Object.fromEntries(
    PHASES.filter(isFastifyPhase).map((phase) => [phase, passageOf(phases[phase])]),
  ) as Plan["passages"];
  const asked = phases.onHeaders.length + phases.onSettled.length > 0;
  return { ...phases, asked, tails, passages };
}

function owned({ phase, style, run }: Step, { layer, scope }: Member): PlanStep {
  return { phase, style, run, layer: layer.name, scope: scope.name };
}

/** Reads the steps of each phase from a plan. A name in the code is read faster than one in a variable. */
export const PASSAGE_IN: { readonly [P in FastifyPhase]: (plan: Plan) => Passage } = {
  onRequest: ({ passages }) => passages.onRequest,
  preParsing: ({ passages }) => passages.preParsing,
  preValidation: ({ passages }) => passages.preValidation,
  preHandler: ({ passages }) => passages.preHandler,
  preSerialization: ({ passages }) => passages.preSerialization,
  onError: ({ passages }) => passages.onError,
  onSend: ({ passages }) => passages.onSend,
  onResponse: ({ passages }) => passages.onResponse,
  onTimeout: ({ passages }) => passages.onTimeout,
  onRequestAbort: ({ passages }) => passages.onRequestAbort,
};
