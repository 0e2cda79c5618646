import type { Finding, Severity } from "@enfilade/layer";
import { nameOfRoute, type Route } from "./routes.ts";
import type { Member } from "./scope.ts";

/** Every code that the line itself can find, with what it means for the boot. */
export const ORDER_FINDINGS = {
  ORDER_CYCLE: "error",
  ORDER_DUPLICATE_LAYER: "error",
  ORDER_INVALID_CONFIG: "error",
  ORDER_LATE_ROUTE: "error",
  ORDER_LAYER_BEFORE_ORDER: "error",
  ORDER_MISSING_CAPABILITY: "error",
  ORDER_OVERRIDES_NOTHING: "error",
  ORDER_PUBLIC_ACCESS: "error",
  ORDER_REGISTERED_TWICE: "error",
  ORDER_SELF_REFERENCE: "error",
  ORDER_SKIP_REFUSED: "error",
  ORDER_UNKNOWN_SKIP: "error",
  ORDER_UNKNOWN_TARGET: "error",
  ORDER_UNPROTECTED_ROUTE: "error",
  ORDER_HOOK_OUTSIDE: "warning",
  ORDER_NOT_AWAITED: "warning",
  ORDER_PUBLIC_ROUTE: "info",
  ORDER_SKIPPED: "info",
} as const satisfies Record<string, Severity>;

export type OrderFindingCode = keyof typeof ORDER_FINDINGS;

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
