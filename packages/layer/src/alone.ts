import type { FastifyInstance, FastifyReply, FastifyRequest, RouteOptions } from "fastify";
import { addRouteEndings, endingsOf } from "./alone-endings.ts";
import { hasLayers, keepLayer } from "./alone-layers.ts";
import { watchReplies } from "./answers.ts";
import type { PlacedLayer } from "./arrangement.ts";
import { beginExchange, EVERY_PHASE, type Exchange } from "./exchange.ts";
import { fastifyHook } from "./hooks.ts";
import { type Passage, passageOf } from "./passage.ts";
import { isFastifyPhase, PHASES } from "./phases.ts";
import { followExchanges, settlingOf } from "./settling.ts";
import { inPhase } from "./steps.ts";
import { announce, answer, fail, lose } from "./track.ts";
import type { Step } from "./types.ts";

/*
 * A layer without an arrangement is an ordinary Fastify plugin: its hooks are added with `addHook`, where
 * it was registered.
 */

const NOTHING = passageOf([]);

/** Installs a layer as an ordinary plugin of one instance. */
export function installAlone(app: FastifyInstance, layer: PlacedLayer): void {
  if (!hasLayers(app)) begin(app);
  keepLayer(app, layer);

  for (const phase of PHASES.filter(isFastifyPhase)) {
    const steps = inPhase(layer.steps, phase);
    if (steps.length === 0) continue;
    const passage = passageOf(steps);
    const hook = fastifyHook(phase, { exchange, passage: unlessLost(passage) });
    app.addHook(phase as "onRequest", hook as () => void);
  }
  const { onRoute } = layer;
  if (onRoute === undefined) return;
  app.addHook("onRoute", function addRouteSteps(options) {
    const route = { options, instance: this, late: false, notFound: false, unreachable() {} };
    const steps = onRoute(route) ?? [];
    for (const step of steps) addRouteHook(options, step);
    addRouteEndings(options, layer, steps);
  });
}

/** Adds, once for a path of scopes, what follows an exchange to its end; before every other response hook. */
function begin(app: FastifyInstance): void {
  const settling = followExchanges(app);
  watchReplies(app, answer, lose);
  // Fastify hands a hook to scopes that were there before it: one that has hooks of its own counts a send once.
  const isNearest = ({ server }: FastifyRequest) => settlingOf(server) === settling;

  app.addHook("onRequest", (request, reply, done) => {
    exchange(request, reply);
    done();
  });
  app.addHook("preSerialization", (request, reply, _payload, done) => {
    if (isNearest(request)) exchange(request, reply).sending = true;
    done();
  });
  app.addHook("onError", (request, reply, _error, done) => {
    if (isNearest(request)) fail(exchange(request, reply), reply);
    done();
  });
  app.addHook("onSend", (request, reply, _payload, done) => {
    if (isNearest(request)) announce(exchange(request, reply), reply);
    done();
  });
}

function addRouteHook(options: RouteOptions, step: Step): void {
  const { phase } = step;
  if (!isFastifyPhase(phase)) return;
  const passage = passageOf([step]);
  const hook = fastifyHook(phase, { exchange, passage: () => passage }) as () => void;
  const name = phase as "onRequest";
  options[name] = [options[name] ?? [], hook].flat();
}

/** The not-found handler has hooks of its own, which Fastify runs even where the request was lost further out. */
function unlessLost(passage: Passage): (exchange: Exchange) => Passage {
  if (passage.steps[0]?.phase !== "preHandler") return () => passage;
  return ({ entered }) => (entered === EVERY_PHASE ? NOTHING : passage);
}

function exchange(request: FastifyRequest, reply: FastifyReply): Exchange {
  return beginExchange(request, reply, endingsOf);
}
