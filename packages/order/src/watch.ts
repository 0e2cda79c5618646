import type { FastifyInstance, RouteOptions } from "fastify";
import type { Dispatcher } from "./dispatch.ts";
import { ORDER_REGISTERED_AFTER_READY } from "./errors.ts";
import type { Line } from "./line.ts";
import { scopeOf, TAIL_PHASES, type TailPhase } from "./scope.ts";

/**
 * Follows what Fastify does not announce: hooks that a user adds, not-found handlers, strategies of constraints,
 * registrations that come too late. Every instance inherits these methods from the root, and each does all that
 * Fastify's does.
 */
export function watch(app: FastifyInstance, line: Line, dispatcher: Dispatcher): void {
  app.addHook("onRoute", function seeRoute(options) {
    dispatcher.closeRoute(line.declare(this, options));
  });
  app.addHook("onRegister", (instance) => {
    scopeOf(instance);
  });
  watchHooks(app, dispatcher);
  watchNotFound(app, line);
  watchRegistrations(app, line);
  watchStrategies(app, line);
}

/** Keeps the layers before every hook of a user's own on the way in, and behind the last one on the way out. */
function watchHooks(app: FastifyInstance, { precede, tail }: Dispatcher): void {
  const addHook = app.addHook as (this: FastifyInstance, name: string, hook: unknown) => void;
  let hooks = 0;
  function watched(this: FastifyInstance, name: string, hook: unknown): FastifyInstance {
    precede(this, name);
    addHook.call(this, name, hook);
    if (!isTailPhase(name)) return this;
    let number = 0;
    addHook.call(
      this,
      name,
      tail(name, () => number),
    );
    // Fastify adds a hook once the plugins registered before it are loaded: only then is it known which is last.
    this.after(() => {
      number = ++hooks;
      scopeOf(this).lastHook[name] = number;
    });
    return this;
  }
  app.addHook = watched as FastifyInstance["addHook"];
}

function isTailPhase(name: string): name is TailPhase {
  return (TAIL_PHASES as readonly string[]).includes(name);
}

function watchNotFound(app: FastifyInstance, line: Line): void {
  const setNotFoundHandler = app.setNotFoundHandler as (...args: unknown[]) => FastifyInstance;
  function watched(this: FastifyInstance, ...args: unknown[]): FastifyInstance {
    setNotFoundHandler.apply(this, args);
    const [first] = args;
    line.declareNotFound(this, typeof first === "object" ? (first as RouteOptions) : {});
    return this;
  }
  app.setNotFoundHandler = watched as FastifyInstance["setNotFoundHandler"];
}

function watchRegistrations(app: FastifyInstance, line: Line): void {
  const register = app.register as (...args: unknown[]) => unknown;
  function watched(this: FastifyInstance, plugin: unknown, ...rest: unknown[]): unknown {
    if (line.solved) throw new ORDER_REGISTERED_AFTER_READY(describe(plugin));
    return register.call(this, plugin, ...rest);
  }
  app.register = watched as FastifyInstance["register"];
}

/** A constraint that decides which route a request leads to decides which one is explained, too. */
function watchStrategies(app: FastifyInstance, line: Line): void {
  const { addConstraintStrategy } = app;
  app.addConstraintStrategy = (strategy) => {
    addConstraintStrategy(strategy);
    line.strategies.push(strategy);
  };
}

function describe(plugin: unknown): string {
  const name: unknown = Reflect.get(Object(plugin), Symbol.for("fastify.display-name"));
  return `The plugin ${typeof name === "string" ? name : "without a name"}`;
}
