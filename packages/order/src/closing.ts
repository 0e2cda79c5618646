import type { Route } from "./routes.ts";
import { hasHooksAbove, type TailPhase } from "./scope.ts";

type Hook = (...args: never[]) => void;

const ofTheLine = new WeakSet<object>();

/** Tells whether a hook of a route is one with which the line closes routes. */
export function isOfTheLine(hook: object): boolean {
  return ofTheLine.has(hook);
}

/**
 * Keeps a hook the last one of a route, whatever other plugins add to the route or put in the place of its
 * hooks. Fastify reads the hooks of a route when all is loaded. It is left out where no layer has come to use
 * the phase, and where there is no hook of a user's own that it would have to come behind: the line's first hook
 * then runs the layers.
 */
export function keepLast(route: Route, phase: TailPhase, last: Hook, isUsed: () => boolean): void {
  const { tails, options, scope } = route;
  let hooks = [options[phase] ?? []].flat() as Hook[];
  ofTheLine.add(last);
  Object.defineProperty(options, phase, {
    enumerable: true,
    configurable: true,
    get() {
      const hasHooks = hooks.some((hook) => hook !== last) || hasHooksAbove(scope, phase);
      tails[phase] = hasHooks ? "route" : "first";
      const ends = hasHooks && isUsed();
      // Read many times, and nearly always as it should be.
      if (ends ? hooks.at(-1) !== last : hooks.includes(last)) {
        const others = hooks.filter((hook) => hook !== last);
        hooks.splice(0, hooks.length, ...others, ...(ends ? [last] : []));
      }
      return hooks;
    },
    set(value: Hook | Hook[] | undefined) {
      hooks = [value ?? []].flat();
    },
  });
}
