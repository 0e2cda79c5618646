import { tracingChannel } from "node:diagnostics_channel";
import { PHASES } from "@enfilade/layer";
import { type Phases, type Plan, type PlanStep, ready } from "./plan.ts";

/** What a subscriber of `tracing:enfilade.layer:*` is given. */
export interface LayerTrace {
  readonly layer: string;
  readonly scope: string;
  readonly phase: string;
  readonly request: unknown;
  readonly reply: unknown;
  result?: unknown;
  error?: unknown;
}

const channel = tracingChannel<string, LayerTrace>("enfilade.layer");
const { start, end, asyncStart, asyncEnd, error } = channel;

/** Tells whether anybody listens; asked once for each exchange. */
export function isTraced(): boolean {
  // What the channel's own `hasSubscribers` reads, in constants: an exchange that nobody traces asks for next to nothing.
  return (
    start.hasSubscribers ||
    end.hasSubscribers ||
    asyncStart.hasSubscribers ||
    asyncEnd.hasSubscribers ||
    error.hasSubscribers
  );
}

const plans = new WeakMap<Plan, Plan>();

/** Gives the plan whose steps publish their start, their end and their failure. */
export function traced(plan: Plan): Plan {
  const known = plans.get(plan);
  if (known !== undefined) return known;
  const phases = Object.fromEntries(PHASES.map((phase) => [phase, plan[phase].map(tracedStep)]));
  const made = ready(phases as unknown as Phases, plan.tails);
  plans.set(plan, made);
  return made;
}

function tracedStep(step: PlanStep): PlanStep {
  const { layer, scope, phase, style } = step;
  return {
    ...step,
    run(...args) {
      const [request] = args;
      // The one phase that Fastify hands no reply to.
      const reply = phase === "onRequestAbort" ? undefined : args[1];
      const trace: LayerTrace = { layer, scope, phase, request, reply };
      const run = step.run as (...args: unknown[]) => unknown;
      const result =
        style === "callback"
          ? channel.traceCallback(run as never, -1, trace, this, ...(args as never[]))
          : channel.traceSync(run, trace, this, ...args);
      // Whether a hook takes its time shows only when it has been called.
      return (result as unknown) instanceof Promise ? tracedPromise(result, trace) : result;
    },
  };
}

/** Publishes the end of a hook that takes its time. A reply that it returns is a thenable, and no promise of its own. */
function tracedPromise(result: Promise<unknown>, trace: LayerTrace): Promise<unknown> {
  return result.then(
    (value) => {
      trace.result = value;
      asyncStart.publish(trace);
      asyncEnd.publish(trace);
      return value;
    },
    (reason) => {
      trace.error = reason;
      error.publish(trace);
      asyncStart.publish(trace);
      asyncEnd.publish(trace);
      throw reason;
    },
  );
}
