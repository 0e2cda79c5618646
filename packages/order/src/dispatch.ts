import { INBOUND_PHASES, type InboundPhase, type Phase, type Step } from "@enfilade/layer";
import {
  announce,
  answer,
  beginExchange,
  type Done,
  type Exchange,
  type FastifyPhase,
  fail,
  fastifyHook,
  followExchanges,
  lose,
  type Passage,
  passageOf,
  walkPayload,
  watchReplies,
} from "@enfilade/layer/arranging";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { keepLast } from "./closing.ts";
import type { Line } from "./line.ts";
import { PASSAGE_IN, type Plan } from "./plan.ts";
import type { Route } from "./routes.ts";
import { scopeOf, TAIL_PHASES, type TailPhase, type Tails } from "./scope.ts";

/*
 * One Fastify hook for each phase runs the layers of whatever route it meets.
 *
 * On the way in they come before every user's own. Fastify adds a hook only when the plugins that were
 * registered before it are loaded, and by then a scope below may have hooks of its own; so each instance gets
 * the line's hook of a phase before its first own one. The first that a request meets runs the layers.
 *
 * On the way out the layers have to come last. A route that the line has seen runs them behind its own
 * hooks; where there is no such route (404, a route declared too early) they run behind the last hook that
 * the scope has. Without any hook of a user's own, the line's first one runs them right away.
 */

const NOTHING = passageOf([]);

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
  /** Puts the layers' response phases behind the hooks that a route has, or comes to have. */
  closeRoute(route: Route): void;
  /** Gives the hook that runs the layers if it comes last in its scope; `number` tells which it is. */
  tail(phase: TailPhase, number: () => number): (...args: never[]) => void;
}

/** Gives the plan of an exchange that the line has begun. */
function planOf({ endings }: Exchange): Plan {
  return endings as Plan;
}

/**
 * Gives the steps of an inbound phase the first time that it is asked. An instance may have the line's hook
 * more than once, and `reply.callNotFound()` makes Fastify run the last phase again.
 */
function once(phase: InboundPhase): (exchange: Exchange) => Passage {
  const bit = 1 << INBOUND_PHASES.indexOf(phase);
  const passageIn = PASSAGE_IN[phase];
  return (exchange) => {
    if ((exchange.entered & bit) !== 0) return NOTHING;
    exchange.entered |= bit;
    return passageIn(planOf(exchange));
  };
}

/** Tells which hook runs the layers. After `callNotFound()` only the `onSend` of the route itself is left. */
function tailIn(phase: TailPhase): (exchange: Exchange) => Tails[TailPhase] {
  return phase === "onSend"
    ? (exchange) => planOf(exchange).tails.onSend
    : (exchange) => (exchange.request.is404 ? "scope" : planOf(exchange).tails.preSerialization);
}

type Hook = (...args: never[]) => void;
type PayloadHook = (
  request: FastifyRequest,
  reply: FastifyReply,
  payload: unknown,
  done: Done,
) => void;

/** Adds the hooks of the line to the root instance. */
export function dispatch(app: FastifyInstance, line: Line): Dispatcher {
  const endings = (request: FastifyRequest): Plan => line.planOf(request);
  const exchange = (request: FastifyRequest, reply: FastifyReply): Exchange =>
    beginExchange(request, reply, endings);
  const hook = (phase: FastifyPhase, passage: (exchange: Exchange) => Passage) =>
    fastifyHook(phase, { exchange, passage });
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
  const firstOf = (phase: TailPhase) => {
    const [passageIn, tail] = [PASSAGE_IN[phase], tailIn(phase)];
    return (current: Exchange): Passage => {
      const where = tail(current);
      const runs = where === "first" || (where === "scope" && isLast(current, phase, 0));
      return runs ? passageIn(planOf(current)) : NOTHING;
    };
  };
  const [firstToSerialize, firstToSend] = [firstOf("preSerialization"), firstOf("onSend")];
  const serialize: PayloadHook = (request, reply, payload, done) => {
    const current = exchange(request, reply);
    current.sending = true;
    walkPayload(firstToSerialize(current), undefined, request, reply, payload, done);
  };
  const send: PayloadHook = (request, reply, payload, done) => {
    const current = exchange(request, reply);
    announce(current, reply);
    walkPayload(firstToSend(current), undefined, request, reply, payload, done);
  };
  const error: PayloadHook = (request, reply, _error, done) => {
    fail(exchange(request, reply), reply);
    done();
  };
  followExchanges(app);
  watchReplies(app, answer, lose);
  first.set("preSerialization", serialize);
  precede(app, "onRequest");
  add("onError", error);
  add("onSend", send);

  const closing = Object.fromEntries(
    TAIL_PHASES.map((phase) => {
      const [passageIn, tail] = [PASSAGE_IN[phase], tailIn(phase)];
      const passage = (current: Exchange) =>
        tail(current) === "route" ? passageIn(planOf(current)) : NOTHING;
      return [phase, hook(phase, passage)];
    }),
  );
  const used = new Set<Phase>();
  return {
    use(steps) {
      for (const { phase } of steps) {
        if (used.has(phase)) continue;
        used.add(phase);
        precede(app, phase);
        if (!isLate(phase)) continue;
        const passageIn = PASSAGE_IN[phase];
        add(
          phase,
          hook(phase, (current) => passageIn(planOf(current))),
        );
      }
    },
    precede,
    closeRoute(route) {
      for (const phase of TAIL_PHASES) {
        keepLast(route, phase, closing[phase] as Hook, () => used.has(phase));
      }
    },
    tail(phase, number) {
      const [passageIn, tail] = [PASSAGE_IN[phase], tailIn(phase)];
      return hook(phase, (current) =>
        tail(current) === "scope" && isLast(current, phase, number())
          ? passageIn(planOf(current))
          : NOTHING,
      );
    },
  };
}

/** Tells whether the hook of this number is the last of a user's own in the scope of a request. */
function isLast({ request }: Exchange, phase: TailPhase, number: number): boolean {
  return scopeOf(request.server).lastHook[phase] === number;
}
