import type { Finding, RouteView, Step } from "@enfilade/layer";
import type { Arrangement, PlacedLayer } from "@enfilade/layer/arranging";
import type { FastifyInstance, FastifyRequest, RouteOptions } from "fastify";
import { duplicateLayer, lateRoute, missing } from "./findings.ts";
import { compile, type Plan } from "./plan.ts";
import {
  earlyRoute,
  markRoute,
  notFoundRoute,
  type Route,
  type RouteLine,
  routeOf,
} from "./routes.ts";
import { type Member, pathOf, reaches, type Scope, scopeOf, TAIL_PHASES } from "./scope.ts";
import { type Selection, select, visibleFrom } from "./selection.ts";
import { type Sequence, solve } from "./solve.ts";
import { isTraced, traced } from "./tracing.ts";

/** Everything that one app registers and declares, collected while it boots. Nothing is shared between apps. */
export class Line implements Arrangement {
  readonly root: Scope;
  readonly routes: Route[] = [];
  readonly notFound: Route[] = [];
  /** Faults that were seen while collecting; the audit reports them with its own. */
  readonly faults: Finding[] = [];
  readonly settling: Set<Promise<void>> = new Set();
  /** Called with the steps that arrive, so that Fastify is told of the phases that they use. */
  onSteps: (steps: readonly Step[]) => void = () => {};
  /** Whether routes had been declared before the line was there to see them. */
  readonly hasEarlyRoutes: boolean;
  /** Whether the order is final. */
  solved = false;
  /** What the audit said, once it has run. */
  findings: readonly Finding[] = [];
  readonly #scopes = new Set<Scope>();
  readonly #numbers = new Map<Member, number>();
  readonly #sequences = new Map<string, Sequence>();
  readonly #plans = new Map<string, Plan>();
  readonly #early = new Map<object, Route>();

  constructor(app: FastifyInstance) {
    this.root = scopeOf(app);
    this.#scopes.add(this.root);
    this.notFound.push(notFoundRoute(this.root));
    this.hasEarlyRoutes = !app.printRoutes().startsWith("(empty tree)");
  }

  /** Every scope that has a layer or a route. */
  get scopes(): ReadonlySet<Scope> {
    return this.#scopes;
  }

  /** Every layer in every scope. */
  get members(): Member[] {
    return [...this.#scopes].flatMap(({ members }) => members);
  }

  add(app: FastifyInstance, layer: PlacedLayer): void {
    const scope = scopeOf(app);
    this.#scopes.add(scope);
    const member = { layer, scope };
    if (scope.members.some((other) => other.layer.name === layer.name)) {
      this.faults.push(duplicateLayer(member, "it is registered there twice"));
      return;
    }
    scope.members.push(member);
    this.onSteps(layer.steps);
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
      steps: new Map(),
      known: true,
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

  /** Solves every scope and compiles every route. Gives what went wrong. */
  resolve(): Finding[] {
    const lines = [...this.routes, ...this.notFound].map((route) => this.#resolveRoute(route));
    for (const scope of this.#scopes) this.#settleScope(scope);
    this.solved = true;
    return lines.flatMap(({ route, lacking }) => lacking.map((lack) => missing(route, lack)));
  }

  /** Gives the plan of a request, with the steps that report to `diagnostics_channel` when somebody listens. */
  planOf(request: FastifyRequest): Plan {
    const plan = this.#findPlan(request);
    return isTraced() ? traced(plan) : plan;
  }

  #findPlan(request: FastifyRequest): Plan {
    const scope = scopeOf(request.server);
    if (request.is404) return this.notFoundAt(scope).plan;
    if (scope.plan !== undefined) return scope.plan;
    const { config, method, url = "" } = request.routeOptions;
    const route =
      routeOf(config) ?? memoize(this.#early, config, () => earlyRoute(scope, config, method, url));
    return this.lineOf(route).plan;
  }

  /** Gives the line of a route; one that was declared too early is compiled when it is first met. */
  lineOf(route: Route): RouteLine {
    return route.line ?? this.#resolveRoute(route).line;
  }

  /** Gives the not-found line that answers for a scope: its own, or its nearest ancestor's. */
  notFoundAt(scope: Scope): RouteLine {
    const own = this.notFound.find((route) => route.scope === scope);
    // The root has one from the beginning.
    return own === undefined && scope.parent
      ? this.notFoundAt(scope.parent)
      : this.lineOf(own as Route);
  }

  /** Compiles a route; those with the same layers and nothing of their own share one plan. */
  #resolveRoute(route: Route): Resolved {
    const { doors, leftOut, lacking } = select(this.sequenceAt(route.scope).members, route);
    const own = doors.some((door) => route.steps.has(door));
    const build = () => compile(doors, route.steps, route.known, this.settling);
    const plan = own ? build() : memoize(this.#plans, `${route.known} ${this.#key(doors)}`, build);
    const line = { doors, leftOut, plan };
    route.line = line;
    return { route, line, lacking };
  }

  /** Gives the order of the layers that a scope sees. */
  sequenceAt(scope: Scope): Sequence {
    const visible = visibleFrom(scope);
    return memoize(this.#sequences, this.#key(visible), () => solve(visible));
  }

  /** Prepares what a request looks up in its scope. */
  #settleScope(scope: Scope): void {
    for (const phase of TAIL_PHASES) {
      const numbers = pathOf(scope).map((above) => above.lastHook[phase]);
      scope.lastHook[phase] = Math.max(...numbers);
    }
    const plans = new Set(
      this.routes.filter((route) => route.scope === scope).map((route) => route.line?.plan),
    );
    const [plan] = plans;
    if (plans.size === 1 && !(scope === this.root && this.hasEarlyRoutes)) scope.plan = plan;
  }

  /** A key for a list of layers, by their identity. */
  #key(members: readonly Member[]): string {
    return members.map((member) => memoize(this.#numbers, member, () => this.#numbers.size)).join();
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
    route.steps.set(member, steps);
    this.onSteps(steps);
  }
}

interface Resolved {
  readonly route: Route;
  readonly line: RouteLine;
  readonly lacking: Selection["lacking"];
}

function memoize<Key, Value>(map: Map<Key, Value>, key: Key, make: () => Value): Value {
  const known = map.get(key);
  if (known !== undefined) return known;
  const made = make();
  map.set(key, made);
  return made;
}
