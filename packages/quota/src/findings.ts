import { type AuditView, type Finding, type RouteView, routeName } from "@enfilade/layer";
import { claimNames, type Teller } from "@enfilade/limiter/http";
import { QUOTA_NAME_TAKEN } from "./errors.ts";
import type { Settings } from "./options.ts";
import type { CountedBy } from "./policies.ts";
import type { RouteQuotas } from "./route-quotas.ts";

/** What needs a principal to tell callers apart. */
const OF_PRINCIPALS: ReadonlySet<CountedBy> = new Set(["principal", "user", "org", "session"]);
/** Tells clients of policies: one for all registrations, of which only one governs a route. */
const TELLER: Teller = { name: "quota" };
const NAME_FIX = "Give one of them another name, or say told: false.";

/** Says what only the whole app shows. */
export function auditQuota(settings: Settings, routes: readonly RouteView[]): Finding[] {
  return [
    ...(routes.length === 0 ? [noRoute()] : []),
    ...withoutPrincipal(settings, routes),
    ...withoutEstimate(settings, routes),
  ];
}

/** Says where clients would be told of two policies of one name, which then are one to them. */
export function auditNames(
  { routes: reached }: AuditView,
  governed: readonly RouteView[],
  quotas: RouteQuotas,
): Finding[] {
  const configs = new Set<unknown>(reached.map(({ config }) => config));
  return governed.flatMap((route): Finding[] => {
    const { config } = route.options;
    if (config === undefined || !configs.has(config)) return [];
    const taken = claimNames(config, TELLER, quotas.namesOn(route));
    if (taken === undefined) return [];
    const where = routeName(route.options);
    const why = spellTaken(taken);
    return [{ code: "QUOTA_NAME_TAKEN", severity: "error", where, why, fix: NAME_FIX }];
  });
}

/**
 * Refuses a route for what the audit would say under an arrangement.
 *
 * @throws `QUOTA_NAME_TAKEN`
 */
export function assertNames(route: RouteView, quotas: RouteQuotas): void {
  const taken = claimNames(route.options, TELLER, quotas.namesOn(route));
  if (taken === undefined) return;
  throw new QUOTA_NAME_TAKEN(routeName(route.options), spellTaken(taken), NAME_FIX);
}

function spellTaken({ name, teller }: { name: string; teller: Teller }): string {
  return `clients are told of two policies named "${name}", by ${teller.name} and by quota`;
}

function noRoute(): Finding {
  return {
    code: "QUOTA_NO_ROUTE",
    severity: "warning",
    where: "quota",
    why: "no route has a quota, and nothing is counted",
    fix: "Say config: { quota: true } on the routes that run something, or give the option routes.",
  };
}

/** Callers whom nobody tells apart share the counter of their address. */
function withoutPrincipal({ policies }: Settings, routes: readonly RouteView[]): Finding[] {
  const named = [...policies.values()].filter(({ by }) =>
    by.some((part) => OF_PRINCIPALS.has(part)),
  );
  if (named.length === 0) return [];
  const names = named.map(({ name }) => name).join(", ");
  return routes.filter(isAnonymous).map((route) => ({
    code: "QUOTA_WITHOUT_PRINCIPAL",
    severity: "warning",
    where: routeName(route.options),
    why: `nothing there finds out who is calling, and ${names} is counted by address`,
    fix: 'Register an authenticator there and make the route not public, or say by: "address".',
  }));
}

/** Without a foresight any number of runs begins while one unit is left. */
function withoutEstimate(
  { policies, estimate }: Settings,
  routes: readonly RouteView[],
): Finding[] {
  if (estimate !== undefined || routes.length === 0) return [];
  const spent = [...policies.values()].filter(
    ({ counts }) => !["requests", "runs"].includes(counts),
  );
  const without = routes.filter(({ options }) => {
    const own = options.config?.quota;
    return typeof own !== "object" || own.estimate === undefined;
  });
  if (spent.length === 0) return [];
  const names = spent.map(({ name }) => name).join(", ");
  return without.map((route) => ({
    code: "QUOTA_NO_ESTIMATE",
    severity: "warning",
    where: routeName(route.options),
    why: `nothing foresees what a run costs, and one of ${names} is reserved for each`,
    fix: "Give an estimate, in the options of quota or in config.quota.",
  }));
}

function isAnonymous({ options, instance }: RouteView): boolean {
  return options.config?.public === true || !instance.hasRequestDecorator("principal");
}
