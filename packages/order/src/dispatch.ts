import { INBOUND_PHASES, type InboundPhase, type Phase, type Step } from "@enfilade/layer";
import {
  announce,
  beginExchange,
  type Done,
  type Exchange,
  type FastifyPhase,
  fail,
  fastifyHook,
  followExchanges,
} from "@enfilade/layer/arranging";
import type { FastifyInstance, FastifyReply, FastifyRequest, RouteOptions } from "fastify";
import type { Line } from "./line.ts";
import { type Plan, STEPS_IN } from "./plan.ts";
import { scopeOf, TAIL_PHASES, type TailPhase } from "./scope.ts";

/*
 * One Fastify hook for each phase runs the layers of whatever route it meets.
 *
 * On the way in they come before every user's own. Fastify adds a hook only when the plugins that were
 * registered before it are loaded, and by then a scope below may have hooks of its own; so each instance gets
 * the line's hook of a phase before its first own one. The first that a request meets runs the layers.
 *
 * On the way out the layers have to come last. A route that the line has seen runs them behind its own
 * hooks; where there is no such route (404, a route declared too early) they run behind the last hook that
 * the scope has.
 */

const NOTHING: readonly never[] = [];

/** Phases in which the position among users' hooks does not matter; added when a layer first needs one. */
const LATE = ["onError", "onResponse", "onTimeout", "onRequestAbort"] as const;

function isLate(phase: Phase): phase is (typeof LATE)[number] {
  return (LATE as readonly string[]).includes(phase);
}

/** What the rest of the order package needs of the dispatcher. */
export interface Dispatcher {
  /** Adds the Fastify hooks that these steps need and that are not there yet. */
  use(steps: readonly Step[]): void;
  /** Puts the line's hook of a phase into an instance, if it has none yet, before a user's own is added there. */
  precede(instance: FastifyInstance, phase: string): void;
  /** Puts the layers' response phases behind a route's own hooks. */
  closeRoute(options: RouteOptions): void;
  /** Gives the hook that runs the layers if it comes last in its scope; `number` tells which it is. */
  tail(phase: TailPhase, number: () => number): (...args: never[]) => void;
}

/**
 * Gives the steps of an inbound phase the first time that it is asked. An instance may have the line's hook
 * more than once, and `reply.callNotFound()` makes Fastify run the last phase again.
 */
function once(phase: InboundPhase): (plan: Plan, exchange: Exchange) => readonly Step[] {
  const bit = 1 << INBOUND_PHASES.indexOf(phase);
  const stepsIn = STEPS_IN[phase];
  return (plan, exchange) => {
    if ((exchange.entered & bit) !== 0) return NOTHING;
    exchange.entered |= bit;
    return stepsIn(plan);
  };
}

/** Tells whether the hooks of the route itself end with the layers. After `callNotFound()` only its `onSend` is left. */
function closesItself(plan: Plan, phase: TailPhase, request: FastifyRequest): boolean {
  return plan.known && (phase === "onSend" || !request.is404);
}

type Hook = (...args: never[]) => void;
type PayloadHook = (
  request: FastifyRequest,
  reply: FastifyReply,
  payload: unknown,
  done: Done,
) => void;

/**
 * Keeps a hook the last one of a route, whatever other plugins add to the route or put in the place of its
 * hooks. Fastify reads the hooks of a route when all is loaded; where no layer has come to use the phase, it
 * is left out.
 */
function keepLast(
  options: RouteOptions,
  phase: TailPhase,
  last: Hook,
  isUsed: () => boolean,
): void {
  let hooks = [options[phase] ?? []].flat() as Hook[];
  ofTheLine.add(last);
  Object.defineProperty(options, phase, {
    enumerable: true,
    configurable: true,
    get() {
      if (hooks.length > 0 || isUsed()) {
        const others = hooks.filter((hook) => hook !== last);
        hooks.splice(0, hooks.length, ...others, ...(isUsed() ? [last] : []));
      }
      return hooks;
    },
    set(value: Hook | Hook[] | undefined) {
      hooks = [value ?? []].flat();
    },
  });
}

const ofTheLine = new WeakSet<object>();

/** Tells whether a hook of a route is one with which the line closes routes. */
export function isOfTheLine(hook: object): boolean {
  return ofTheLine.has(hook);
}

/** Adds the hooks of the line to the root instance. */
export function dispatch(app: FastifyInstance, line: Line): Dispatcher {
  const endings = (request: FastifyRequest): Plan => line.planOf(request);
  const exchange = (request: FastifyRequest, reply: FastifyReply): Exchange =>
    beginExchange(request, reply, endings);
  const hook = (phase: FastifyPhase, steps: (plan: Plan, current: Exchange) => readonly Step[]) =>
    fastifyHook(phase, {
      exchange,
      steps: (current) => steps(current.endings as Plan, current),
    });
  // Fastify's own: a plugin that puts another function in its place (OpenTelemetry's does) means users' hooks.
  const { addHook } = app;
  // Fastify types each hook by its name; these are made for theirs.
  const add = (phase: FastifyPhase, run: (...args: never[]) => void) =>
    addHook.call(app, phase as "onRequest", run as () => void);

  const first = new Map<string, Hook>(
    INBOUND_PHASES.map((phase) => [phase, hook(phase, once(phase))]),
  );
  const precede = (instance: FastifyInstance, phase: string) => {
    const run = first.get(phase);
    const { preceded } = scopeOf(instance);
    if (run === undefined || preceded.has(phase)) return;
    preceded.add(phase);
    addHook.call(instance, phase as "onRequest", run as () => void);
  };
  // In a scope without hooks of a user's own, the hooks that come first are the last in one.
  const tailOf = (phase: TailPhase) => tail(phase, () => 0) as PayloadHook;
  const [serializeTail, sendTail] = [tailOf("preSerialization"), tailOf("onSend")];
  const begin: PayloadHook = (request, reply, payload, done) => {
    exchange(request, reply).sending = true;
    serializeTail(request, reply, payload, done);
  };
  const send: PayloadHook = (request, reply, payload, done) => {
    announce(exchange(request, reply), reply);
    sendTail(request, reply, payload, done);
  };
  const error: PayloadHook = (request, reply, _error, done) => {
    fail(exchange(request, reply), reply);
    done();
  };
  followExchanges(app);
  first.set("preSerialization", begin);
  precede(app, "onRequest");
  add("onError", error);
  add("onSend", send);

  const closing = Object.fromEntries(
    TAIL_PHASES.map((phase) => [
      phase,
      hook(phase, (plan, { request }) =>
        closesItself(plan, phase, request) ? STEPS_IN[phase](plan) : NOTHING,
      ),
    ]),
  );
  const used = new Set<Phase>();
  return {
    use(steps) {
      for (const { phase } of steps) {
        if (used.has(phase)) continue;
        used.add(phase);
        precede(app, phase);
        if (isLate(phase)) add(phase, hook(phase, STEPS_IN[phase]));
      }
    },
    precede,
    closeRoute(options) {
      for (const phase of TAIL_PHASES) {
        keepLast(options, phase, closing[phase] as Hook, () => used.has(phase));
      }
    },
    tail,
  };

  function tail(phase: TailPhase, number: () => number): (...args: never[]) => void {
    return hook(phase, (plan, { request }) => {
      if (closesItself(plan, phase, request)) return NOTHING;
      const isLast = scopeOf(request.server).lastHook[phase] === number();
      return isLast ? STEPS_IN[phase](plan) : NOTHING;
    });
  }
}
