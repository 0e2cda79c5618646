import type { FastifyInstance, FastifyPluginAsync, FastifyPluginCallback } from "fastify";
import { isThenable } from "./thenable.ts";

/** Any Fastify plugin, as `app.register` takes it. */
export type ForeignPlugin<Options extends object> =
  | FastifyPluginCallback<Options>
  | FastifyPluginAsync<Options>;

/** Runs a plugin function as Fastify does, and turns every way of failing into a rejection. */
export function load<Options extends object>(
  plugin: ForeignPlugin<Options>,
  app: FastifyInstance,
  options: Options,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const done = (error?: Error | null) => (error ? reject(error) : resolve());
    const result: unknown = (plugin as FastifyPluginCallback<Options>)(app, options, done);
    if (isThenable(result)) result.then(() => resolve(), reject);
    else if (plugin.length < 3) resolve();
  });
}

/** Gives the plugin function of a module that has it as its default export. */
export function unwrapDefault(plugin: unknown): unknown {
  return (plugin as { default?: unknown } | null | undefined)?.default ?? plugin;
}

/** Tells whether a value can be loaded as a plugin. */
export function isPlugin(value: unknown): value is ForeignPlugin<object> {
  return typeof value === "function";
}

/** Tells whether a plugin is loaded into the instance that it is registered in, not into a scope of its own. */
export function sharesInstance(plugin: object): boolean {
  return Reflect.get(plugin, Symbol.for("skip-override")) === true;
}

/** What fastify-plugin leaves on a function: its encapsulation, its name, what it depends on. */
const METADATA = ["skip-override", "fastify.display-name", "plugin-meta"].map(Symbol.for);

/** Makes a function pass for a plugin in the eyes of Fastify. */
export function asPlugin<Plugin extends object>(original: object, plugin: Plugin): Plugin {
  for (const key of METADATA) {
    const value: unknown = Reflect.get(original, key);
    if (value !== undefined) Reflect.set(plugin, key, value);
  }
  return plugin;
}
