import type { PluginMetadata } from "fastify-plugin";
import { layerOf } from "./define-layer.ts";
import { assertAdoption } from "./definition.ts";
import { type ForeignPlugin, sharesInstance, unwrapDefault } from "./foreign.ts";
import type { Place } from "./places.ts";
import { record } from "./record.ts";
import type { Constraints, Layer } from "./types.ts";

/** Where a foreign plugin stands in the line. */
export interface Adoption extends Constraints {
  readonly name: string;
  readonly place: Place;
  /**
   * Whether the plugin's `onRoute` handlers also run for not-found handlers, which Fastify leaves out.
   * Turn it off for a plugin that keeps a list of routes and must not see one that nobody declared.
   * @defaultValue true
   */
  readonly notFound?: boolean;
}

/**
 * Turns any Fastify plugin into a layer, by recording the hooks that it adds, those of its `onRoute`
 * handlers included. Whatever it throws while it is loaded rejects `ready()`, where Fastify would let some
 * of it escape as an uncaught exception.
 *
 * @throws `LAYER_INVALID_DEFINITION` when the plugin is no function, or the name or the place is not valid.
 * @throws `LAYER_INVALID_REGISTRATION` (on registration) when `layer` cannot be obeyed; or a `prefix`, which
 * only a plugin that is not encapsulated can take as an option of its own.
 * @example
 * ```ts
 * await app.register(adopt(helmet, { name: "helmet", place: "protect" }), { hsts: false });
 * ```
 */
export function adopt<Options extends object>(
  plugin: ForeignPlugin<Options>,
  adoption: Adoption,
): Layer<Options> {
  const foreign = unwrapDefault(plugin) as ForeignPlugin<Options>;
  assertAdoption(foreign, adoption);
  const { notFound = true, ...constraints } = adoption;
  const metadata: PluginMetadata | undefined = Reflect.get(foreign, Symbol.for("plugin-meta"));
  return layerOf<Options>(
    {
      ...constraints,
      // Other plugins may depend on this one by its name, and it on others.
      ...(metadata && { plugin: { ...metadata, encapsulate: false } }),
      async setup(app, options) {
        const { steps, onRoute } = await record(app, foreign, options);
        return { steps, onRoute: (route) => (route.notFound && !notFound ? [] : onRoute(route)) };
      },
    },
    sharesInstance(foreign),
  );
}
