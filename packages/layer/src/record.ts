import type { FastifyInstance } from "fastify";
import {
  asPlugin,
  type ForeignPlugin,
  isPlugin,
  load,
  sharesInstance,
  unwrapDefault,
} from "./foreign.ts";
import { argumentsOf, isFastifyPhase, PHASES, type Phase } from "./phases.ts";
import { type RouteHandler, routeSteps } from "./route-steps.ts";
import { isAsyncFunction, isThenable } from "./thenable.ts";
import type { RouteView, Step } from "./types.ts";

/** The hooks that a plugin has added, taken instead of run. */
export interface Recording {
  readonly steps: readonly Step[];
  /** Runs the plugin's own `onRoute` handlers for a route, and gives the hooks that they add to it. */
  onRoute(route: RouteView): readonly Step[];
}

/**
 * Loads a Fastify plugin into an instance, but keeps its hooks: decorators, parsers, schemas and routes
 * arrive as ever, what it passes to `addHook` is recorded. Plugins that it registers in turn without
 * encapsulation are recorded with it. Whatever it throws, at once or later, rejects. Hooks that it adds once
 * it is loaded are Fastify's own.
 *
 * @example
 * ```ts
 * const strictHelmet = defineLayer({
 *   name: "strict-helmet",
 *   place: "protect",
 *   async setup(app) {
 *     const { steps, onRoute } = await record(app, helmet, { xFrameOptions: { action: "deny" } });
 *     return { steps, onRoute };
 *   },
 * });
 * ```
 */
export async function record<Options extends object>(
  app: FastifyInstance,
  plugin: ForeignPlugin<Options>,
  options: Options,
): Promise<Recording> {
  const tape: Tape = { handlers: [], runs: true };
  const hooks: Hooks = [];
  await load(plugin, recorder(app, tape, hooks), options);
  // Plugins that it registered are loaded now, so that their hooks are in the recording too.
  await app.after();
  tape.runs = false;
  return { steps: flatten(hooks), onRoute: (route) => routeSteps(tape.handlers, route) };
}

/** What a plugin, and those that it registers, have in common while they load. */
interface Tape {
  readonly handlers: RouteHandler[];
  runs: boolean;
}

/**
 * What one plugin passes to `addHook`; a plugin that it registers has a list of its own in that very place.
 * Its hooks come later, and yet before those that are added after it, as in Fastify.
 */
type Hooks = (Step | Hooks)[];

function flatten(hooks: Hooks): Step[] {
  return hooks.flatMap((hook) => (Array.isArray(hook) ? flatten(hook) : [hook]));
}

/** An instance whose `addHook` and `register` are listened to; all else is the instance's own. */
function recorder(app: FastifyInstance, tape: Tape, hooks: Hooks): FastifyInstance {
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
    } else if (typeof hook === "function" && isRecordable(name, hook) && isRecorded(this)) {
      hooks.push({ phase: name, style: "callback", run: hook as Step["run"] });
    } else {
      // Hooks of the application, of somebody else, and mistakes: Fastify's own.
      own.addHook.call(this === proxy ? app : this, name, hook);
    }
    return this;
  }

  function register(this: FastifyInstance, plugin: unknown, options: object = {}): unknown {
    const recorded = isRecorded(this);
    own.register.call(
      this === proxy ? app : this,
      recorded ? listening(plugin, tape, hooks) : plugin,
      options,
    );
    return this;
  }
}

interface Methods {
  addHook(this: FastifyInstance, name: string, hook: unknown): unknown;
  register(this: FastifyInstance, plugin: unknown, options: object): unknown;
}

/** Wraps a nested plugin so that it is recorded, if it shares the instance, and cannot crash the process. */
function listening(plugin: unknown, tape: Tape, hooks: Hooks): unknown {
  if (isThenable(plugin)) {
    const own: Hooks = [];
    hooks.push(own);
    return plugin.then((loaded) => listening(loaded, tape, own));
  }
  const nested = unwrapDefault(plugin);
  if (!isPlugin(nested)) return plugin;
  const shared = sharesInstance(nested);
  const own: Hooks = [];
  hooks.push(own);
  return asPlugin(nested, async (app: FastifyInstance, options: object) => {
    await load(nested, shared ? recorder(app, tape, own) : app, options);
  });
}

const recorded: ReadonlySet<string> = new Set(PHASES.filter(isFastifyPhase));

/** Tells whether Fastify would take this hook, which refuses an async one that also takes a callback. */
function isRecordable(name: string, hook: object & { length?: unknown }): name is Phase {
  if (!recorded.has(name)) return false;
  return !isAsyncFunction(hook) || Number(hook.length) <= argumentsOf(name as Phase);
}
