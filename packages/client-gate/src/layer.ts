import { defineLayer, type Layer, proxyTrustOf, type RouteView } from "@enfilade/layer";
import { audit } from "./audit.ts";
import { passGate, type Rule } from "./gate.ts";
import {
  type ClientGateOptions,
  type RouteClientGate,
  readRouteGate,
  resolveOptions,
} from "./options.ts";
import "./types.ts";

interface RouteRules {
  /** Those of the route. */
  readonly rules: readonly Rule[];
  /** All that are asked there, the layer's last. */
  readonly line: readonly Rule[];
}

/**
 * Refuses clients by what they are (a product and its version, an address, a header, whatever a function finds),
 * before they cost anything. Rules that let clients in come first.
 *
 * @throws `CLIENT_GATE_INVALID_OPTION` (on registration, or where a route is declared).
 * @example
 * ```ts
 * await app.register(clientGate, {
 *   refuse: [{ name: "legacy-app", userAgent: "LegacyApp/1.", status: 410 }],
 * });
 * ```
 */
export const clientGate: Layer<ClientGateOptions> = defineLayer<ClientGateOptions>({
  name: "client-gate",
  place: "gate",
  plugin: { name: "@enfilade/client-gate" },
  setup(app, options) {
    const own = resolveOptions(options);
    const byConfig = new WeakMap<RouteClientGate, RouteRules>();
    const rulesOf = (gate: RouteClientGate, route: string): RouteRules => {
      const known = typeof gate === "object" ? byConfig.get(gate) : undefined;
      if (known !== undefined) return known;
      const rules = readRouteGate(gate, route);
      const made = { rules, line: [...rules, ...own] };
      byConfig.set(gate, made);
      return made;
    };

    return {
      onRoute({ options: { config, method, url } }: RouteView): undefined {
        const gate = config?.clientGate;
        if (gate !== undefined && gate !== false) rulesOf(gate, `${method} ${url}`);
      },
      onRequest(request, reply) {
        const { config, url = "" } = request.routeOptions;
        const gate = config.clientGate;
        if (gate === false) return undefined;
        const rules = gate === undefined ? own : rulesOf(gate, url).line;
        return rules.length === 0 ? undefined : passGate(rules, request, reply);
      },
      audit: ({ routes }) =>
        audit(own, routes, (gate, route) => rulesOf(gate, route).rules, proxyTrustOf(app)),
    };
  },
});
