import { PHASES, type Phase } from "./phases.ts";
import type { LayerHooks, Step } from "./types.ts";

/** Takes the hooks of a layer apart into steps, one for each phase that it uses. */
export function stepsOf(hooks: LayerHooks): Step[] {
  const steps: Step[] = [];
  for (const phase of PHASES) {
    const run = hooks[phase];
    if (run !== undefined) steps.push({ phase, style: "return", run });
  }
  return steps;
}

/** Gives the steps of one phase, keeping their order. */
export function inPhase(steps: Iterable<Step>, phase: Phase): Step[] {
  return [...steps].filter((step) => step.phase === phase);
}
