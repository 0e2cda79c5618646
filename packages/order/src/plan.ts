import { isOutbound, PHASES, type Phase, type Step } from "@enfilade/layer";
import type { Endings } from "@enfilade/layer/arranging";
import type { Member, Tails } from "./scope.ts";

/** A step that knows whose it is, for explanations and for tracing. */
export interface PlanStep extends Step {
  readonly layer: string;
  readonly scope: string;
}

type Phases = { readonly [P in Phase]: readonly PlanStep[] };

/** The compiled line of one route or not-found handler: the functions of every phase, in the order of their running. */
export interface Plan extends Endings, Phases {
  readonly onHeaders: readonly PlanStep[];
  readonly onSettled: readonly PlanStep[];
  /** Which hook runs the steps of the phases in which they come behind a user's own. */
  readonly tails: Readonly<Tails>;
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
  return { ...phases, tails };
}

function owned({ phase, style, run }: Step, { layer, scope }: Member): PlanStep {
  return { phase, style, run, layer: layer.name, scope: scope.name };
}

/** Reads the steps of each phase from a plan. A name in the code is read faster than one in a variable. */
export const STEPS_IN: { readonly [P in Phase]: (plan: Plan) => readonly PlanStep[] } = {
  onRequest: (plan) => plan.onRequest,
  preParsing: (plan) => plan.preParsing,
  preValidation: (plan) => plan.preValidation,
  preHandler: (plan) => plan.preHandler,
  preSerialization: (plan) => plan.preSerialization,
  onError: (plan) => plan.onError,
  onSend: (plan) => plan.onSend,
  onHeaders: (plan) => plan.onHeaders,
  onResponse: (plan) => plan.onResponse,
  onTimeout: (plan) => plan.onTimeout,
  onRequestAbort: (plan) => plan.onRequestAbort,
  onSettled: (plan) => plan.onSettled,
};
