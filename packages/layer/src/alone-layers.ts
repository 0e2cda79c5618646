import type { FastifyInstance } from "fastify";
import type { PlacedLayer } from "./arrangement.ts";
import { rootOf } from "./root.ts";

const kAlone: unique symbol = Symbol.for("enfilade.alone");
const kHolders: unique symbol = Symbol.for("enfilade.holders");

interface Holder {
  /** The layers that this very instance took, in the order of their registration. */
  [kAlone]?: PlacedLayer[];
  /** Every instance of the app that took layers; on the root alone. */
  [kHolders]?: Set<FastifyInstance>;
}

type Instance = FastifyInstance & Holder;

/** Gives the layers that stand alone in the app of a root instance, in whichever scope. */
export function layersAlone(root: Instance): { name: string; instance: FastifyInstance }[] {
  return [...(root[kHolders] ?? [])].flatMap((instance) =>
    own(instance).map(({ name }) => ({ name, instance })),
  );
}

/** Keeps a layer with the instance that took it. */
export function keepLayer(app: Instance, layer: PlacedLayer): void {
  if (!Object.hasOwn(app, kAlone)) app[kAlone] = [];
  app[kAlone]?.push(layer);
  const root: Instance = rootOf(app);
  root[kHolders] ??= new Set();
  root[kHolders].add(app);
}

/** Tells whether a layer stands alone in an instance or above it. */
export function hasLayers(app: Instance): boolean {
  return app[kAlone] !== undefined;
}

/** Gives the layers that an instance and its ancestors took, outermost first. */
export function layersAbove(app: FastifyInstance): PlacedLayer[] {
  const layers: PlacedLayer[] = [];
  for (let scope: Instance | null = app; scope !== null; scope = Object.getPrototypeOf(scope)) {
    layers.unshift(...own(scope));
  }
  return layers;
}

function own(app: Instance): readonly PlacedLayer[] {
  return (Object.hasOwn(app, kAlone) ? app[kAlone] : undefined) ?? [];
}
