import type { FastifyInstance, FastifyPluginAsync, FastifyPluginCallback } from "fastify";
import { isFastifyPhase, PHASES, type Phase } from "./phases.ts";
import { type RouteHandler, routeSteps } from "./route-steps.ts";
import { isThenable } from "./thenable.ts";
import type { RouteView, Step } from "./types.ts";

/** Any Fastify plugin, as `app.register` takes it. */
export type ForeignPlugin<Options extends object> =
  | FastifyPluginCallback<Options>
  | FastifyPluginAsync<Options>;

/** The hooks that a plugin has added, taken instead of run. */
export interface Recording {
  readonly steps: readonly Step[];
  /** Runs the plugin's own `onRoute` handlers for a route, and gives the hooks that they add to it. */
  onRoute(route: RouteView): readonly Step[];
}

/**
 * Loads a Fastify plugin into an instance, but keeps its hooks: decorators, parsers, schemas and routes
 * arrive as ever, what it passes to `addHook` is recorded. Plugins that it registers in turn without
 * encapsulation are recorded with it. Whatever it throws, at once or later, rejects.
 */
export async function record<Options extends object>(
  app: FastifyInstance,
  plugin: ForeignPlugin<Options>,
  options: Options,
): Promise<Recording> {
  const steps: Step[] = [];
  const handlers: RouteHandler[] = [];
  await load(plugin, recorder(app, steps, handlers), options);
  // Plugins that it registered are loaded now, so that their hooks are in the recording too.
  await app.after();
  return { steps, onRoute: (route) => routeSteps(handlers, route) };
}

/** Runs a plugin function, in either of the two forms, and turns every way of failing into a rejection. */
export function load<Options extends object>(
  plugin: ForeignPlugin<Options>,
  app: FastifyInstance,
  options: Options,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const done = (error?: Error) => (error == null ? resolve() : reject(error));
    const result: unknown = (plugin as FastifyPluginCallback<Options>)(app, options, done);
    if (plugin.length < 3) Promise.resolve(result).then(() => resolve(), reject);
    // A promise beside a callback: only its failure counts.
    else if (result instanceof Promise) result.catch(reject);
  });
}

/** An instance whose `addHook` and `register` are listened to; all else is the instance's own. */
function recorder(app: FastifyInstance, steps: Step[], handlers: RouteHandler[]): FastifyInstance {
  const proxy: FastifyInstance = new Proxy(app, {
    get(target, property, receiver) {
      if (property === "addHook") return addHook;
      if (property === "register") return register;
      return Reflect.get(target, property, receiver);
    },
  });
  return proxy;

  function addHook(name: string, hook: unknown): FastifyInstance {
    if (typeof hook === "function" && name === "onRoute") {
      handlers.push(hook as RouteHandler);
    } else if (typeof hook === "function" && isRecorded(name)) {
      steps.push({ phase: name, style: "callback", run: hook as Step["run"] });
    } else {
      // Hooks of the application, and mistakes: Fastify's own.
      app.addHook(name as "onReady", hook as () => void);
    }
    return proxy;
  }

  function register(plugin: unknown, options?: object): unknown {
    return app.register(listening(plugin, steps, handlers) as FastifyPluginAsync, options ?? {});
  }
}

/** Wraps a nested plugin so that it is recorded, if it shares the instance, and cannot crash the process. */
function listening(plugin: unknown, steps: Step[], handlers: RouteHandler[]): unknown {
  if (isThenable(plugin)) return plugin.then((loaded) => listening(loaded, steps, handlers));
  const nested = unwrapDefault(plugin);
  if (typeof nested !== "function") return plugin;
  const shared = Reflect.get(nested, Symbol.for("skip-override")) === true;
  const wrapper = async (app: FastifyInstance, options: object) => {
    const instance = shared ? recorder(app, steps, handlers) : app;
    await load(nested as FastifyPluginCallback<object>, instance, options);
  };
  for (const key of METADATA) {
    const value: unknown = Reflect.get(nested, key);
    if (value !== undefined) Reflect.set(wrapper, key, value);
  }
  return wrapper;
}

/** Gives the plugin function of a module that has it as its default export. */
export function unwrapDefault(plugin: unknown): unknown {
  return (plugin as { default?: unknown } | null | undefined)?.default ?? plugin;
}

/** What fastify-plugin leaves on a function: its encapsulation, its name, what it depends on. */
const METADATA = ["skip-override", "fastify.display-name", "plugin-meta"].map(Symbol.for);

const recorded: ReadonlySet<string> = new Set(PHASES.filter(isFastifyPhase));

function isRecorded(name: string): name is Phase {
  return recorded.has(name);
}
