import { type Finding, type RouteView, routeName } from "@enfilade/layer";
import type { FastifyInstance } from "fastify";
import type { Access } from "./types.ts";

const kGuarded = Symbol.for("enfilade.auth.guarded");

/** Notes that rules of access are checked in a scope and below. */
export function markGuarded(app: FastifyInstance): void {
  Reflect.set(app, kGuarded, true);
}

/**
 * Tells whether rules of access are checked in a scope. To be asked at `onReady`, by plugins whose routes must
 * not be open to everybody.
 * @example
 * ```ts
 * app.addHook("onReady", async () => {
 *   if (!isGuarded(app)) throw new Error("Register @enfilade/auth before the admin routes.");
 * });
 * ```
 */
export function isGuarded(app: FastifyInstance): boolean {
  return Reflect.get(app, kGuarded) === true;
}

/** Gives the routes that are not open to everybody; a HEAD route that goes with a GET is left out. */
export function guardedRoutes(routes: readonly RouteView[]): RouteView[] {
  const declared = routes.filter(({ notFound }) => !notFound);
  const readable = new Set(
    declared.filter((route) => methodsOf(route).includes("GET")).map(({ options }) => options.url),
  );
  return declared.filter((route) => {
    const twin = methodsOf(route).join() === "HEAD" && readable.has(route.options.url);
    return !twin && route.options.config?.public !== true;
  });
}

/** Gives the methods of a route. */
export function methodsOf({ options }: RouteView): string[] {
  return [options.method].flat();
}

/** A rule of access that nobody checks is worse than none: it looks as if somebody did. */
export function uncheckedAccess(routes: readonly RouteView[]): Finding[] {
  return guardedRoutes(routes)
    .filter(({ options, instance }) => {
      const access: Access | undefined = options.config?.access;
      return access !== undefined && !isGuarded(instance);
    })
    .map((route) => ({
      code: "AUTH_ACCESS_UNCHECKED",
      severity: "error",
      where: routeName(route.options),
      why: "it has a rule of access, and nothing checks rules there",
      fix: "Register @enfilade/auth in this scope or above.",
    }));
}

/** Deny by default: a route without a rule is a mistake that shows at boot. */
export function withoutRule(routes: readonly RouteView[]): Finding[] {
  return routes.map((route) => ({
    code: "AUTH_ROUTE_WITHOUT_RULE",
    severity: "error",
    where: routeName(route.options),
    why: "nothing says who may call it",
    fix: 'Give it config: { access: { scopes: ["…"] } }, or access: "authenticated", or public: true, or name it in the rules of @enfilade/auth.',
  }));
}

/** Without an authenticator every call would be refused. */
export function withoutAuthenticator(routes: readonly RouteView[]): Finding[] {
  return routes.map((route) => ({
    code: "AUTH_NO_AUTHENTICATOR",
    severity: "error",
    where: routeName(route.options),
    why: "nobody can call it: nothing there finds out who is calling",
    fix: "Register an authenticator (jwt, api-key) in this scope or above, or make the route public.",
  }));
}

/** Without an arrangement hooks run as they were registered: whoever decides must come after whoever finds out. */
export function tooEarly(routes: readonly RouteView[]): Finding[] {
  return routes.map((route) => ({
    code: "AUTH_TOO_EARLY",
    severity: "error",
    where: routeName(route.options),
    why: "@enfilade/auth was registered before an authenticator of this route, and would refuse everybody",
    fix: "Register it after the authenticators and in their scope, or register @enfilade/order first.",
  }));
}

/** A line of the map that applies to nothing may be misspelt. */
export function unusedRules(keys: readonly string[]): Finding[] {
  return keys.map((key) => ({
    code: "AUTH_UNUSED_RULE",
    severity: "warning",
    where: `rules["${key}"]`,
    why: "no route takes its rule from it",
    fix: "Correct its method or path, or take it away.",
  }));
}
