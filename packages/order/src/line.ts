import type { Finding, RouteView, Step } from "@enfilade/layer";
import type { Arrangement, PlacedLayer } from "@enfilade/layer/arranging";
import type { FastifyInstance, FastifyRequest, RouteOptions } from "fastify";
import type { Strategy } from "./constraints.ts";
import { duplicateLayer, lateForAll, lateRoute, missing } from "./findings.ts";
import type { Plan } from "./plan.ts";
import { Resolver } from "./resolver.ts";
import {
  countHooks,
  earlyRoute,
  markRoute,
  NO_STEPS,
  notFoundRoute,
  type Route,
  type RouteLine,
  routeOf,
} from "./routes.ts";
import { type Member, reaches, type Scope, scopeOf, TAIL_PHASES } from "./scope.ts";
import type { Sequence } from "./solve.ts";
import { isTraced, traced } from "./tracing.ts";

/** Everything that one app registers and declares, collected while it boots. Nothing is shared between apps. */
export class Line implements Arrangement {
  readonly root: Scope;
  readonly routes: Route[] = [];
  readonly notFound: Route[] = [];
  /** Strategies of constraints that were added to the app, besides those in its options. */
  readonly strategies: Strategy[] = [];
  /** Faults that were seen while collecting; the audit reports them with its own. */
  readonly faults: Finding[] = [];
  /** Called with the steps that arrive, so that Fastify is told of the phases that they use. */
  onSteps: (steps: readonly Step[]) => void = () => {};
  /** Whether routes had been declared before the line was there to see them. */
  readonly hasEarlyRoutes: boolean;
  /** Whether the order is final. */
  solved = false;
  /** What the audit said, once it has run. */
  findings: readonly Finding[] = [];
  readonly #scopes = new Set<Scope>();
  readonly #resolver = new Resolver();
  readonly #early = new Map<object, Route>();
  #lastScope: Scope;

  constructor(app: FastifyInstance) {
    this.root = scopeOf(app);
    this.#lastScope = this.root;
    this.#scopes.add(this.root);
    this.notFound.push(notFoundRoute(this.root));
    this.hasEarlyRoutes = !app.printRoutes().startsWith("(empty tree)");
  }

  /** Every scope that has a layer, a route or something to say of them. */
  get scopes(): ReadonlySet<Scope> {
    return this.#scopes;
  }

  /** Every layer in every scope, as they came. */
  readonly members: Member[] = [];

  add(app: FastifyInstance, layer: PlacedLayer): void {
    const scope = scopeOf(app);
    this.#scopes.add(scope);
    const member = { layer, scope };
    if (scope.members.some((other) => other.layer.name === layer.name)) {
      this.faults.push(duplicateLayer(member, "it is registered there twice"));
      return;
    }
    scope.members.push(member);
    this.members.push(member);
    this.onSteps(layer.steps);
    if (this.hasEarlyRoutes && scope === this.root && worksOnRoutes(member)) {
      this.faults.push(lateForAll(member));
    }
    for (const route of [...this.routes, ...this.notFound]) this.#offer(member, route, true);
  }

  /** Takes a route at the moment of its declaration. */
  declare(app: FastifyInstance, options: RouteOptions): Route {
    const scope = scopeOf(app);
    this.#scopes.add(scope);
    const { method } = options;
    const route: Route = {
      kind: "route",
      methods: Array.isArray(method) ? method : [method],
      url: options.url,
      scope,
      options,
      hooks: countHooks(options),
      steps: NO_STEPS,
      known: true,
      tails: { preSerialization: "first", onSend: "first" },
      line: undefined,
    };
    this.routes.push(route);
    markRoute(options, route);
    for (const member of this.members) this.#offer(member, route, false);
    return route;
  }

  /** Takes a not-found handler of a scope; the root has one from the beginning. */
  declareNotFound(app: FastifyInstance, options: Partial<RouteOptions>): void {
    const scope = scopeOf(app);
    this.#scopes.add(scope);
    const route = notFoundRoute(scope, options);
    const index = this.notFound.findIndex((other) => other.scope === scope);
    this.notFound.splice(index < 0 ? this.notFound.length : index, 1, route);
    for (const member of this.members) this.#offer(member, route, true);
  }

  /** Leaves layers out in a scope and below. */
  skip(app: FastifyInstance, layers: readonly string[]): void {
    const scope = scopeOf(app);
    this.#scopes.add(scope);
    for (const layer of layers) scope.skips.add(layer);
  }

  /** Solves every scope and compiles every route. Gives what went wrong. */
  resolve(): Finding[] {
    const findings: Finding[] = [];
    for (const route of [...this.routes, ...this.notFound]) {
      const resolved = this.#resolver.resolve(route);
      route.line = resolved;
      for (const lack of resolved.lacking) findings.push(missing(route, lack));
    }
    this.#settleScopes();
    this.solved = true;
    return findings;
  }

  /** Gives the order of the layers that a scope sees. */
  sequenceAt(scope: Scope): Sequence {
    return this.#resolver.sequenceAt(scope);
  }

  /** Gives the plan of a request, with the steps that report to `diagnostics_channel` when somebody listens. */
  planOf(request: FastifyRequest): Plan {
    const scope = this.#scopeOf(request.server);
    const common = request.method === "HEAD" ? scope.headPlan : scope.plan;
    const plan = common === undefined || request.is404 ? this.#findPlan(request, scope) : common;
    return isTraced() ? traced(plan) : plan;
  }

  /** Remembers the last one: requests in a row are often for the same, and reading it off the instance takes longer. */
  #scopeOf(server: FastifyInstance): Scope {
    if (this.#lastScope.instance !== server) this.#lastScope = scopeOf(server);
    return this.#lastScope;
  }

  #findPlan(request: FastifyRequest, scope: Scope): Plan {
    if (request.is404) return this.notFoundAt(scope).plan;
    const { config, method, url = "" } = request.routeOptions;
    let route = routeOf(config) ?? this.#early.get(config);
    if (route === undefined) {
      route = earlyRoute(scope, config, method, url);
      this.#early.set(config, route);
    }
    return this.lineOf(route).plan;
  }

  /** Gives the line of a route; one that was declared too early is compiled when it is first met. */
  lineOf(route: Route): RouteLine {
    route.line ??= this.#resolver.resolve(route);
    return route.line;
  }

  /** Gives the not-found line that answers for a scope: its own, or its nearest ancestor's. */
  notFoundAt(scope: Scope): RouteLine {
    const own = this.notFound.find((route) => route.scope === scope);
    // The root has one from the beginning.
    return own === undefined && scope.parent
      ? this.notFoundAt(scope.parent)
      : this.lineOf(own as Route);
  }

  /** Prepares what requests look up in their scopes, outer scopes first. */
  #settleScopes(): void {
    const lines = new Map<Scope, Route[]>();
    for (const route of this.routes) {
      const routes = lines.get(route.scope);
      if (routes === undefined) lines.set(route.scope, [route]);
      else routes.push(route);
    }
    // Routes that the line has not seen may have a config of their own.
    if (this.hasEarlyRoutes) lines.delete(this.root);
    for (const scope of [...this.#scopes].toSorted((a, b) => a.depth - b.depth)) {
      const routes = lines.get(scope) ?? [];
      scope.plan = commonPlan(routes, (method) => method !== "HEAD");
      scope.headPlan = commonPlan(routes, (method) => method === "HEAD");
      for (const phase of TAIL_PHASES) {
        const above = scope.parent?.lastHook[phase] ?? 0;
        scope.lastHook[phase] = Math.max(scope.lastHook[phase], above);
      }
    }
  }

  /** Lets a layer add hooks to a single route. */
  #offer(member: Member, route: Route, late: boolean): void {
    const { onRoute } = member.layer;
    if (onRoute === undefined || !reaches(member.scope, route.scope)) return;
    const view: RouteView = {
      options: route.options,
      instance: route.scope.instance,
      late: late && route.kind === "route",
      notFound: route.kind === "not-found",
      unreachable: (why) => {
        this.faults.push(lateRoute(member, route, why));
      },
    };
    const steps = onRoute(view);
    if (steps === undefined || steps.length === 0) return;
    route.steps = new Map([...route.steps, [member, steps]]);
    this.onSteps(steps);
  }
}

/** Gives the plan of those routes that answer one of the chosen methods, if they all have the same. */
function commonPlan(
  routes: readonly Route[],
  isChosen: (method: string) => boolean,
): Plan | undefined {
  const plans = new Set<Plan | undefined>();
  for (const { line, methods } of routes) if (methods.some(isChosen)) plans.add(line?.plan);
  const [plan] = plans;
  return plans.size === 1 ? plan : undefined;
}

/**
 * Tells whether a layer would do something to a route that asks for nothing. It is shown one that passes for
 * a not-found handler, which nobody takes for one that a user has declared.
 */
function worksOnRoutes({ layer, scope }: Member): boolean {
  let works = false;
  const steps = layer.onRoute?.({
    options: { method: "GET", url: "/", schema: { hide: true } as object, handler() {} },
    instance: scope.instance,
    late: true,
    notFound: true,
    unreachable() {
      works = true;
    },
  });
  return works || (steps ?? []).length > 0;
}
