import type { FastifyContextConfig, FastifyInstance, FastifyRequest, RouteOptions } from "fastify";
import { layersAbove } from "./alone-layers.ts";
import type { PlacedLayer } from "./arrangement.ts";
import type { Endings } from "./exchange.ts";
import { isFastifyPhase } from "./phases.ts";
import { inPhase } from "./steps.ts";
import type { Step } from "./types.ts";

/*
 * Where the exchange finds the steps of the phases that Fastify does not have: along the path of scopes from
 * the route up, and on the route itself.
 */

const kEndings: unique symbol = Symbol.for("enfilade.endings");
const kRoute: unique symbol = Symbol.for("enfilade.route");

interface Scope {
  [kEndings]?: Endings & { readonly ofRoutes: boolean };
}

/** What the layers have for one route alone. */
interface Route {
  readonly steps: Map<PlacedLayer, readonly Step[]>;
  endings?: Endings;
}

interface Config extends FastifyContextConfig {
  [kRoute]?: Route;
}

/** Keeps what a layer has for a route in the phases that Fastify does not have. */
export function addRouteEndings(
  options: RouteOptions,
  layer: PlacedLayer,
  steps: readonly Step[],
): void {
  const own = steps.filter(({ phase }) => !isFastifyPhase(phase));
  if (own.length === 0) return;
  // In the config, because it is the one thing of a route that Fastify hands to a request as it was given.
  const config: Config = { ...options.config };
  config[kRoute] ??= { steps: new Map() };
  config[kRoute].steps.set(layer, own);
  options.config = config;
}

/** Gives the endings of a request, innermost layer first; put together at the first one that needs them. */
export function endingsOf(request: FastifyRequest): Endings {
  const common = endingsAt(request.server);
  if (!common.ofRoutes) return common;
  const config = request.routeOptions.config as Config | undefined;
  const route = config?.[kRoute];
  if (route === undefined) return common;
  route.endings ??= collect(layersAbove(request.server), route.steps);
  return route.endings;
}

function endingsAt(app: FastifyInstance & Scope): Endings & { readonly ofRoutes: boolean } {
  const known = Object.hasOwn(app, kEndings) ? app[kEndings] : undefined;
  if (known !== undefined) return known;
  const layers = layersAbove(app);
  const ofRoutes = layers.some(({ onRoute }) => onRoute !== undefined);
  app[kEndings] = { ...collect(layers), ofRoutes };
  return app[kEndings];
}

function collect(layers: readonly PlacedLayer[], ofRoute: Route["steps"] = new Map()): Endings {
  const steps = layers
    .toReversed()
    .flatMap((layer) => [...layer.steps, ...(ofRoute.get(layer) ?? [])]);
  const [onHeaders, onSettled] = [inPhase(steps, "onHeaders"), inPhase(steps, "onSettled")];
  return { onHeaders, onSettled, asked: onHeaders.length + onSettled.length > 0 };
}
