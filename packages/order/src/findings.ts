import type { Finding, Severity } from "@enfilade/layer";
import { nameOfRoute, type Route } from "./routes.ts";
import type { Member } from "./scope.ts";

const ERRORS = [
  "ORDER_CYCLE",
  "ORDER_DUPLICATE_LAYER",
  "ORDER_INVALID_CONFIG",
  "ORDER_LATE_ROUTE",
  "ORDER_LAYER_BEFORE_ORDER",
  "ORDER_MISSING_CAPABILITY",
  "ORDER_OVERRIDES_NOTHING",
  "ORDER_PUBLIC_ACCESS",
  "ORDER_REGISTERED_TWICE",
  "ORDER_SELF_REFERENCE",
  "ORDER_SKIP_REFUSED",
  "ORDER_UNKNOWN_SKIP",
  "ORDER_UNKNOWN_TARGET",
  "ORDER_UNPROTECTED_ROUTE",
] as const;
const WARNINGS = ["ORDER_HOOK_OUTSIDE", "ORDER_NOT_AWAITED"] as const;
const INFOS = ["ORDER_PUBLIC_ROUTE", "ORDER_SKIPPED"] as const;

/** The codes of the line's own findings; layers add theirs. */
export type OrderFindingCode = (typeof ERRORS | typeof WARNINGS | typeof INFOS)[number];

/** Every code that the line itself can find, with what it means for the boot. */
export const ORDER_FINDINGS: Readonly<Record<OrderFindingCode, Severity>> = Object.fromEntries([
  ...ERRORS.map((code) => [code, "error"]),
  ...WARNINGS.map((code) => [code, "warning"]),
  ...INFOS.map((code) => [code, "info"]),
]);

/** Makes a finding of the line's own. */
export function found(code: OrderFindingCode, where: string, why: string, fix: string): Finding {
  return { code, severity: ORDER_FINDINGS[code], where, why, fix };
}

/** The layer was registered where one of its name is already. */
export function duplicateLayer({ layer, scope }: Member, why: string): Finding {
  return found(
    "ORDER_DUPLICATE_LAYER",
    `${layer.name} in ${scope.name}`,
    why,
    'Register it once, give one of them another name (layer: { name: "…" }), or let the inner one replace the outer (layer: { override: true }).',
  );
}

/** The layer does to its routes what only works before they are declared. */
export function lateRoute({ layer }: Member, route: Route, why: string): Finding {
  return found(
    "ORDER_LATE_ROUTE",
    nameOfRoute(route),
    `the layer ${layer.name} cannot reach it: ${why}`,
    `Await the registration of ${layer.name} before the route is declared, or declare the route in a plugin.`,
  );
}

/** The layer works route by route, and there are routes that nobody can show to it any more. */
export function lateForAll({ layer }: Member): Finding {
  return found(
    "ORDER_LATE_ROUTE",
    "routes declared before @enfilade/order",
    `the layer ${layer.name} cannot reach them: it does its work when a route is declared`,
    "Write await app.register(order), or call arrange(app), before the first route.",
  );
}

/** The layer needs what nobody on the route makes. */
export function missing(
  route: Route,
  { member, capability }: { readonly member: Member; readonly capability: string },
): Finding {
  const { name } = member.layer;
  return found(
    "ORDER_MISSING_CAPABILITY",
    nameOfRoute(route),
    `the layer ${name} requires "${capability}", and no layer of this route provides it further out`,
    `Register a layer that provides "${capability}" in this scope or above, or register ${name} only where there is one.`,
  );
}
