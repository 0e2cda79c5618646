import { type AuditView, type Finding, routeName } from "@enfilade/layer";
import type { Policy } from "./policy.ts";
import type { KnownRoute } from "./route-book.ts";
import type { Territory } from "./territory.ts";

/** Says what the policies of a registration let happen that may not be meant. */
export function* audit(territory: Territory, { instance, routes }: AuditView): Generator<Finding> {
  territory.limitTo(routes.map(({ config }) => config));
  // The decorator of @fastify/cors: this layer leaves it out, so somebody else has brought it.
  if (instance.hasRequestDecorator("corsPreflightEnabled")) yield engineBeside();
  const policies = new Set([territory.policy]);
  for (const route of territory.routes) {
    const policy = territory.policyFor(route);
    if (policy === undefined) continue;
    policies.add(policy);
    if (isWebSocket(route) && (policy.open || !policy.checkUpgrades)) yield openUpgrade(route);
  }
  for (const policy of policies) yield* auditPolicy(policy);
}

function* auditPolicy(policy: Policy): Generator<Finding> {
  const { where, rules, credentials, privateNetwork, open } = policy;
  if (policy.isExposed()) {
    yield {
      code: "CORS_WILDCARD_CREDENTIALS",
      severity: "error",
      where,
      why: "an origin function lets in an origin that is nobody's, and credentials are on",
      fix: "Let the function answer true for the origins that may use credentials only.",
    };
  }
  if (rules?.listsNull) {
    yield {
      code: "CORS_NULL_ORIGIN",
      severity: "warning",
      where,
      why: '"null" is the origin of any page that puts itself in a sandboxed frame',
      fix: 'Give the page an origin of its own, or say origin: "*" if everybody may read.',
    };
  }
  if (credentials && rules?.insecure !== undefined) {
    yield {
      code: "CORS_INSECURE_ORIGIN",
      severity: "warning",
      where,
      why: `whoever sits on the network can be ${rules.insecure}, and use its visitors' credentials`,
      fix: "List the origin with https.",
    };
  }
  if (privateNetwork && open) {
    yield {
      code: "CORS_OPEN_PRIVATE_NETWORK",
      severity: "warning",
      where,
      why: "every page of the web may reach this server on a private network",
      fix: "List the origins that may, or turn privateNetwork off.",
    };
  }
}

function isWebSocket({ options }: KnownRoute): boolean {
  return (options as { websocket?: unknown }).websocket === true;
}

function openUpgrade({ options, url }: KnownRoute): Finding {
  return {
    code: "CORS_OPEN_UPGRADE",
    severity: "warning",
    where: routeName({ method: options.method, url }),
    why: "every page of the web may open this WebSocket, with its visitor's cookies",
    fix: "Give the route config.cors with the origins that may, or authenticate by other means than cookies.",
  };
}

function engineBeside(): Finding {
  return {
    code: "CORS_ENGINE_BESIDE",
    severity: "error",
    where: "@fastify/cors",
    why: "it is registered beside @enfilade/cors, and answers by a policy of its own",
    fix: "Remove the registration of @fastify/cors; this layer runs it.",
  };
}
