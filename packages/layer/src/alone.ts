import type { FastifyInstance, FastifyReply, FastifyRequest, RouteOptions } from "fastify";
import type { PlacedLayer } from "./arrangement.ts";
import { beginExchange, type Endings, type Exchange } from "./exchange.ts";
import { fastifyHook } from "./hooks.ts";
import { isFastifyPhase, PHASES, type Phase } from "./phases.ts";
import { inPhase } from "./steps.ts";
import { trackReplies } from "./track.ts";
import type { Step } from "./types.ts";

/*
 * A layer without an arrangement is an ordinary Fastify plugin: its hooks are added with `addHook`, where
 * it was registered. The phases that Fastify does not have are run by the exchange, which finds them
 * along the path of scopes from the route up.
 */

const kAlone: unique symbol = Symbol.for("enfilade.alone");
const kEndings: unique symbol = Symbol.for("enfilade.endings");
const kHolders: unique symbol = Symbol.for("enfilade.holders");

interface AloneScope {
  /** The layers that this very instance took, in the order of their registration. */
  [kAlone]?: PlacedLayer[];
  [kEndings]?: Endings;
  /** Every instance of the app that took layers; on the root alone. */
  [kHolders]?: Set<FastifyInstance>;
}

type Instance = FastifyInstance & AloneScope;

/** Gives the layers that stand alone in the app of a root instance, in whichever scope. */
export function layersAlone(root: Instance): { name: string; instance: FastifyInstance }[] {
  return [...(root[kHolders] ?? [])].flatMap((instance) =>
    own(instance).map(({ name }) => ({ name, instance })),
  );
}

/** Installs a layer as an ordinary plugin of one instance. */
export function installAlone(app: Instance, layer: PlacedLayer): void {
  if (app[kAlone] === undefined) begin(app);
  if (!Object.hasOwn(app, kAlone)) app[kAlone] = [];
  app[kAlone]?.push(layer);
  const root = rootOf(app);
  root[kHolders] ??= new Set();
  root[kHolders].add(app);

  for (const phase of PHASES) {
    const steps = inPhase(layer.steps, phase);
    if (steps.length > 0) addHook(app, phase, steps);
  }
  const { onRoute } = layer;
  if (onRoute === undefined) return;
  app.addHook("onRoute", function addRouteSteps(options) {
    const route = { options, instance: this, late: false, notFound: false, unreachable() {} };
    for (const step of onRoute(route) ?? []) addRouteHook(options, step);
  });
}

/** Adds, once for a path of scopes, what follows an exchange to its end. */
function begin(app: Instance): void {
  app.addHook("onRequest", (request, reply, done) => {
    exchange(request, reply);
    done();
  });
  trackReplies(app, endingsOf);
}

function addHook(app: FastifyInstance, phase: Phase, steps: readonly Step[]): void {
  if (!isFastifyPhase(phase)) return;
  const hook = fastifyHook(phase, { exchange, steps: () => steps });
  app.addHook(phase as "onRequest", hook as () => void);
}

function addRouteHook(options: RouteOptions, step: Step): void {
  const { phase } = step;
  if (!isFastifyPhase(phase)) return;
  const hook = fastifyHook(phase, { exchange, steps: () => [step] }) as () => void;
  const name = phase as "onRequest";
  options[name] = [options[name] ?? [], hook].flat();
}

function exchange(request: FastifyRequest, reply: FastifyReply): Exchange {
  return beginExchange(request, reply, endingsOf);
}

function endingsOf(request: FastifyRequest): Endings {
  return endingsAt(request.server);
}

/** Collects the endings of an instance and its ancestors, innermost layer first; made at its first request. */
function endingsAt(app: Instance): Endings {
  if (Object.hasOwn(app, kEndings) && app[kEndings] !== undefined) return app[kEndings];
  const layers: PlacedLayer[] = [];
  for (let scope: Instance | null = app; scope !== null; scope = Object.getPrototypeOf(scope)) {
    layers.unshift(...own(scope));
  }
  const steps = layers.toReversed().flatMap((layer) => layer.steps);
  const endings: Endings = {
    onHeaders: inPhase(steps, "onHeaders"),
    onSettled: inPhase(steps, "onSettled"),
  };
  app[kEndings] = endings;
  return endings;
}

function rootOf(app: Instance): Instance {
  const above: object | null = Object.getPrototypeOf(app);
  return above !== null && "register" in above ? rootOf(above as Instance) : app;
}

function own(app: Instance): readonly PlacedLayer[] {
  return (Object.hasOwn(app, kAlone) ? app[kAlone] : undefined) ?? [];
}
