import type { FastifyInstance, RouteOptions } from "fastify";
import { isFastifyPhase, PHASES, type Phase } from "./phases.ts";
import type { RouteView, Step } from "./types.ts";

/** An `onRoute` handler of a foreign plugin. */
export type RouteHandler = (this: FastifyInstance, options: RouteOptions) => void;

const phases: ReadonlySet<string> = new Set(PHASES.filter(isFastifyPhase));

/**
 * Runs `onRoute` handlers against a shadow of a route's options. The hooks that they add stay on the
 * shadow and become steps, which the line can put in their place; everything else reaches the route.
 */
export function routeSteps(handlers: readonly RouteHandler[], route: RouteView): readonly Step[] {
  const written = new Map<string | symbol, unknown>();
  const shadow = shadowOf(route, written);
  const config = { ...route.options.config };
  for (const handler of handlers) handler.call(route.instance, shadow);
  // Fastify copies the config of a route when it is declared: what is written into it later is never read.
  if (route.late && !isSame(config, { ...route.options.config })) {
    route.unreachable(changes("config"));
  }

  const steps: Step[] = [];
  for (const [phase, added] of written) {
    if (!isHook(phase)) continue;
    for (const run of [added].flat()) {
      if (typeof run !== "function") continue;
      steps.push({ phase: phase as Phase, style: "callback", run: run as Step["run"] });
    }
  }
  return steps;
}

function shadowOf(route: RouteView, written: Map<string | symbol, unknown>): RouteOptions {
  return new Proxy(route.options, {
    get(options, key) {
      return isHook(key) || written.has(key) ? written.get(key) : Reflect.get(options, key);
    },
    has(options, key) {
      return written.has(key) || (!isHook(key) && Reflect.has(options, key));
    },
    set(options, key, value) {
      if (isHook(key)) {
        written.set(key, value);
      } else if (route.late) {
        // Fastify has read the options of a route by the time that its declaration returns.
        if (Reflect.get(options, key) !== value) route.unreachable(changes(String(key)));
        written.set(key, value);
      } else {
        Reflect.set(options, key, value);
      }
      return true;
    },
  });
}

function changes(option: string): string {
  return `it changes "${option}" of a route that was declared before it`;
}

function isSame(before: object, after: object): boolean {
  const keys = Reflect.ownKeys(after);
  return (
    keys.length === Reflect.ownKeys(before).length &&
    keys.every((key) => Reflect.get(before, key) === Reflect.get(after, key))
  );
}

function isHook(key: string | symbol): key is string {
  return typeof key === "string" && phases.has(key);
}
