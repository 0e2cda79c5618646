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
  const tape: Tape = { steps: [], handlers: [], runs: true };
  await load(plugin, recorder(app, tape), options);
  // Plugins that it registered are loaded now, so that their hooks are in the recording too.
  await app.after();
  tape.runs = false;
  return { steps: tape.steps, onRoute: (route) => routeSteps(tape.handlers, route) };
}

/** What a plugin adds while it loads. */
interface Tape {
  readonly steps: Step[];
  readonly handlers: RouteHandler[];
  runs: boolean;
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
function recorder(app: FastifyInstance, tape: Tape): FastifyInstance {
  const own = { addHook: app.addHook, register: app.register } as Methods;
  const proxy: FastifyInstance = new Proxy(app, {
    get(target, property, receiver) {
      if (property === "addHook") return addHook;
      if (property === "register") return register;
      return Reflect.get(target, property, receiver);
    },
  });
  return proxy;

  // A plugin may keep these two and put functions that call them in the place of the app's own (OpenTelemetry's
  // does): from then on they are called by everybody, for whichever instance `this` is.
  function isRecorded(instance: unknown): boolean {
    return tape.runs && (instance === proxy || instance === app);
  }

  function addHook(this: FastifyInstance, name: string, hook: unknown): FastifyInstance {
    if (typeof hook === "function" && name === "onRoute" && isRecorded(this)) {
      tape.handlers.push(hook as RouteHandler);
    } else if (typeof hook === "function" && isPhase(name) && isRecorded(this)) {
      tape.steps.push({ phase: name, style: "callback", run: hook as Step["run"] });
    } else {
      // Hooks of the application, of somebody else, and mistakes: Fastify's own.
      own.addHook.call(this === proxy ? app : this, name, hook);
    }
    return this;
  }

  function register(this: FastifyInstance, plugin: unknown, options: object = {}): unknown {
    return isRecorded(this)
      ? own.register.call(app, listening(plugin, tape), options)
      : own.register.call(this === proxy ? app : this, plugin, options);
  }
}

interface Methods {
  addHook(this: FastifyInstance, name: string, hook: unknown): unknown;
  register(this: FastifyInstance, plugin: unknown, options: object): unknown;
}

/** Wraps a nested plugin so that it is recorded, if it shares the instance, and cannot crash the process. */
function listening(plugin: unknown, tape: Tape): unknown {
  if (isThenable(plugin)) return plugin.then((loaded) => listening(loaded, tape));
  const nested = unwrapDefault(plugin);
  if (typeof nested !== "function") return plugin;
  const shared = Reflect.get(nested, Symbol.for("skip-override")) === true;
  const wrapper = async (app: FastifyInstance, options: object) => {
    const instance = shared ? recorder(app, tape) : app;
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

function isPhase(name: string): name is Phase {
  return recorded.has(name);
}
