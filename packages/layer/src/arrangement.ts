import type { FastifyInstance } from "fastify";
import type { Place } from "./places.ts";
import type { LayerSetup, Step } from "./types.ts";

/** A layer that has been set up in a scope, ready to be put in line. */
export interface PlacedLayer {
  readonly name: string;
  readonly place: Place;
  readonly before: readonly string[];
  readonly after: readonly string[];
  readonly provides: readonly string[];
  readonly requires: readonly string[];
  /** Whether it replaces the layer of the same name that an ancestor scope registered. */
  readonly override: boolean;
  /** Its hooks, in the order in which they run within one phase. */
  readonly steps: readonly Step[];
  readonly onRoute: LayerSetup["onRoute"];
  readonly audit: LayerSetup["audit"];
}

/** What puts layers in line: `@enfilade/order` is one. */
export interface Arrangement {
  /** Takes a layer that was registered in the scope of `app`. */
  add(app: FastifyInstance, layer: PlacedLayer): void;
}

const kArrangement: unique symbol = Symbol.for("enfilade.arrangement");

interface Arranged {
  [kArrangement]?: Arrangement;
}

/** Gives the arrangement of an instance or of its nearest ancestor that has one. */
export function arrangementOf(app: FastifyInstance & Arranged): Arrangement | undefined {
  return app[kArrangement];
}

/** Makes every layer that is registered in this instance, or below it, go to an arrangement. */
export function setArrangement(app: FastifyInstance & Arranged, arrangement: Arrangement): void {
  app[kArrangement] = arrangement;
}
