import type { Finding, RouteView } from "@enfilade/layer";
import type { FastifyContextConfig, FastifyRequest } from "fastify";
import { AUTH_INVALID_ACCESS, AUTH_INVALID_OPTION } from "./errors.ts";
import { guardedRoutes, methodsOf, unusedRules } from "./findings.ts";
import { createRule, paramsOf, type Rule } from "./rule.ts";
import { findMapped, type MappedRule, ruleFor } from "./rule-map.ts";

/** The rules of the routes that one registration reaches. */
export interface RouteRules {
  /** Checks the rule of a route when it is declared; opens it when the map says so. */
  prepare(route: RouteView): void;
  /** Gives the rule for a request; `undefined` where nothing gives one. */
  of(request: FastifyRequest): Rule | undefined;
  /** The routes that are not public. */
  guarded(): readonly RouteView[];
  /** The routes that nothing gives a rule. */
  unruled(): readonly RouteView[];
  /** The lines of the map that no route uses. */
  unused(): Finding[];
}

type Config = FastifyContextConfig & { readonly method?: string | string[]; readonly url?: string };

/** Makes the rules of one registration. */
export function createRouteRules(
  map: readonly MappedRule[],
  unruled: "refuse" | "authenticated",
): RouteRules {
  const fallback =
    unruled === "authenticated"
      ? createRule("authenticated", { Error: AUTH_INVALID_OPTION, packageName: "@enfilade/auth" })
      : undefined;
  const routes: RouteView[] = [];
  const used = new Set<MappedRule>();
  const byConfig = new WeakMap<object, Rule>();

  function mappedFor(methods: readonly string[], url: string): MappedRule | undefined {
    const [first, ...others] = methods.map((method) => findMapped(map, method, url));
    if (others.some((other) => other !== first)) {
      const fix = "Give the route a config.access, or declare its methods one by one.";
      const where = `${methods.join(",")} ${url}`;
      throw new AUTH_INVALID_OPTION("@enfilade/auth", "rules", `ambiguous for ${where}`, fix);
    }
    return first;
  }

  function ruleOf(config: Config | undefined, methods: readonly string[], url: string) {
    const access = config?.access;
    if (access !== undefined) {
      const packageName = `@enfilade/auth, config.access of ${methods.join(",")} ${url}`;
      return createRule(access, { Error: AUTH_INVALID_ACCESS, packageName }, paramsOf(url));
    }
    const mapped = mappedFor(methods, url);
    return mapped === undefined ? undefined : ruleFor(mapped, url);
  }

  const isRuled = (route: RouteView) =>
    ruleOf(route.options.config, methodsOf(route), route.options.url) !== undefined;

  return {
    prepare(route) {
      const { options, notFound } = route;
      if (notFound) return;
      routes.push(route);
      const { config } = options;
      const mapped = mappedFor(methodsOf(route), options.url);
      if (mapped !== undefined) used.add(mapped);
      if (config?.public === true) return;
      if (config?.access === undefined && mapped?.access === "public") {
        // What everybody reads: the line, which then leaves the guards out, and authenticators without one.
        options.config = { ...config, public: true };
      } else {
        ruleOf(config, methodsOf(route), options.url);
      }
    },
    of(request) {
      const config = request.routeOptions.config as Config;
      const known = byConfig.get(config);
      if (known !== undefined) return known;
      const rule = ruleOf(config, [config.method ?? []].flat(), config.url ?? "") ?? fallback;
      if (rule !== undefined) byConfig.set(config, rule);
      return rule;
    },
    guarded: () => guardedRoutes(routes),
    unruled: () =>
      fallback === undefined ? guardedRoutes(routes).filter((route) => !isRuled(route)) : [],
    unused: () => unusedRules(map.filter((mapped) => !used.has(mapped)).map(({ key }) => key)),
  };
}
