import type { FastifyInstance } from "fastify";
import fastifyPlugin from "fastify-plugin";
import { installAlone } from "./alone.ts";
import { arrangementOf, type PlacedLayer } from "./arrangement.ts";
import { assertDefinition, assertNoPrefix, assertRegistration, assertSetup } from "./definition.ts";
import { stepsOf } from "./steps.ts";
import type { Layer, LayerDefinition, LayerRegistration, LayerSetup } from "./types.ts";

/**
 * Turns a concern into an ordinary Fastify plugin. Registered alone, it adds its hooks where it is
 * registered; under an arrangement (`@enfilade/order`), its place decides when they run.
 *
 * @throws `LAYER_INVALID_DEFINITION` when the name or the place is not valid; on registration, when `setup`
 * returns what is no hook, a hook that takes a callback, or an async `onHeaders`.
 * @throws `LAYER_INVALID_REGISTRATION` (on registration) when `layer` or a `prefix` cannot be obeyed.
 * @example
 * ```ts
 * const tenant = defineLayer<{ header: string }>({
 *   name: "tenant",
 *   place: "authorize",
 *   setup(app, { header }) {
 *     app.decorateRequest("tenant", "");
 *     return {
 *       onRequest(request) {
 *         request.tenant = String(request.headers[header] ?? "");
 *       },
 *     };
 *   },
 * });
 * await app.register(tenant, { header: "x-tenant" });
 * ```
 */
export function defineLayer<Options extends object = Record<never, never>>(
  definition: LayerDefinition<Options>,
): Layer<Options> {
  return layerOf(definition, false);
}

/** Makes a layer of a definition; `takesPrefix` says that a `prefix` is an option of its own. */
export function layerOf<Options extends object>(
  definition: LayerDefinition<Options>,
  takesPrefix: boolean,
): Layer<Options> {
  assertDefinition(definition);
  const plugin: Layer<Options> = async (app, options) => {
    const { layer: registration = {}, ...own } = options;
    assertRegistration(definition.name, registration);
    if (!takesPrefix) assertNoPrefix(definition.name, options);
    const setup = await definition.setup(app, own as unknown as Options);
    assertSetup(definition.name, setup);
    install(app, placed(definition, registration, setup));
  };
  return fastifyPlugin(plugin, { fastify: "5.x", name: definition.name, ...definition.plugin });
}

/** Hands a layer to the arrangement that the instance has, or installs it as a plugin of its own. */
function install(app: FastifyInstance, layer: PlacedLayer): void {
  const arrangement = arrangementOf(app);
  if (arrangement === undefined) installAlone(app, layer);
  else arrangement.add(app, layer);
}

function placed<Options extends object>(
  definition: LayerDefinition<Options>,
  registration: LayerRegistration,
  setup: LayerSetup,
): PlacedLayer {
  return {
    name: registration.name ?? definition.name,
    place: registration.place ?? definition.place,
    before: join(definition.before, registration.before),
    after: join(definition.after, registration.after),
    provides: join(definition.provides, registration.provides),
    requires: join(definition.requires, registration.requires),
    override: registration.override ?? false,
    steps: [...(setup.steps ?? []), ...stepsOf(setup)],
    onRoute: setup.onRoute?.bind(setup),
    audit: setup.audit?.bind(setup),
  };
}

function join(first: readonly string[] = [], second: readonly string[] = []): readonly string[] {
  return [...new Set([...first, ...second])];
}
