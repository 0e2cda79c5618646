import {
  type AuditView,
  type Finding,
  proxyTrustOf,
  type RouteView,
  rootOf,
  serverOptionsOf,
} from "@enfilade/layer";
import { claimNames, type Teller } from "@enfilade/limiter/http";
import type { FastifyInstance } from "fastify";
import type { By } from "./callers.ts";
import { RATE_LIMIT_NAME_TAKEN } from "./errors.ts";
import type { RouteLimits } from "./route-limits.ts";
import type { RateLimitRouteOptions } from "./types.ts";

const kNames: unique symbol = Symbol.for("enfilade.rate-limit.by-address");
const NAME_FIX =
  "Give one of them another name: what max makes is named after layer: { name }. Policies of a route's own can be given to one layer alone, by layer.";

/** What is known of a registration when it is audited. */
export interface Audited extends Teller {
  readonly by: By;
  readonly limits: RouteLimits;
}

/** Remembers which layers of an app limit by address, for others to see. */
export function rememberShield(app: FastifyInstance, { name, by }: Audited): void {
  if (by === "address") namesOf(app).add(name);
}

/** Says what only the whole app shows of a registration. */
export function* audit(audited: Audited, { instance, routes }: AuditView): Generator<Finding> {
  const { name, by, limits } = audited;
  yield* auditTrust(instance, by);
  if (instance.hasDecorator("createRateLimit")) yield engineBeside();
  const shields = namesOf(instance);
  for (const { method, url, config, layers } of routes) {
    const unknown = [config.rateLimit ?? []]
      .flat()
      .map((entry) => (entry as RateLimitRouteOptions).layer)
      .find((layer) => layer !== undefined && !layers.includes(layer));
    if (unknown !== undefined) yield unknownLayer(`${method} ${url}`, unknown);
    const names = limits.namesOn(config.rateLimit, method, url);
    const taken = claimNames(config, audited, names);
    if (taken !== undefined) yield nameTaken(`${method} ${url}`, spellTaken(taken, audited));
  }
  const open = routes.find(({ layers }) => !layers.some((layer) => shields.has(layer)));
  if (by === "principal" && open !== undefined) yield noShield(name, open);
}

/**
 * Refuses a route whose clients would be told of two policies of one name: what the audit says under an arrangement.
 *
 * @throws `RATE_LIMIT_NAME_TAKEN`
 */
export function assertNames(audited: Audited, { options }: RouteView): void {
  const { config, method, url } = options;
  const methods = [method].flat().join(",");
  const names = audited.limits.namesOn(config?.rateLimit, methods, url);
  const taken = claimNames(options, audited, names);
  if (taken === undefined) return;
  throw new RATE_LIMIT_NAME_TAKEN(`${methods} ${url}`, spellTaken(taken, audited), NAME_FIX);
}

/** What is worth a warning without an arrangement, too. */
export function* auditTrust(instance: FastifyInstance, by: By): Generator<Finding> {
  if (by !== "address") return;
  if (typeof serverOptionsOf(instance)?.trustProxy === "number") yield trustedHops();
  const trust = proxyTrustOf(instance);
  if (trust.whom !== "anybody") return;
  yield {
    code: "TRUST_PROXY_OPEN",
    severity: "warning",
    where: "Fastify's trustProxy",
    why: `${trust.why}: clients choose their address, and with it whose limit they use up`,
    fix: 'Name the proxies: Fastify({ trustProxy: "10.0.0.0/8" }).',
  };
}

function trustedHops(): Finding {
  return {
    code: "TRUST_PROXY_HOPS",
    severity: "warning",
    where: "Fastify's trustProxy",
    why: "it is a number of hops, by which Fastify believes nobody: all clients behind a proxy share one limit",
    fix: 'Name the proxies: Fastify({ trustProxy: "10.0.0.0/8" }).',
  };
}

function spellTaken({ name, teller }: { name: string; teller: Teller }, own: Teller): string {
  return `clients are told of two policies named "${name}", by ${teller.name} and by ${own.name}`;
}

function nameTaken(where: string, why: string): Finding {
  return { code: "RATE_LIMIT_NAME_TAKEN", severity: "error", where, why, fix: NAME_FIX };
}

function engineBeside(): Finding {
  return {
    code: "RATE_LIMIT_ENGINE_BESIDE",
    severity: "error",
    where: "@fastify/rate-limit",
    why: "it is registered beside @enfilade/rate-limit, and reads the same config.rateLimit in its own way",
    fix: "Remove the registration of @fastify/rate-limit.",
  };
}

function unknownLayer(where: string, layer: string): Finding {
  return {
    code: "RATE_LIMIT_UNKNOWN_LAYER",
    severity: "error",
    where,
    why: `its config.rateLimit speaks to the layer "${layer}", which is not in its line`,
    fix: "Correct the name, or leave it out to speak to every rate limit.",
  };
}

function noShield(name: string, { method, url }: AuditView["routes"][number]): Finding {
  return {
    code: "RATE_LIMIT_NO_SHIELD",
    severity: "warning",
    where: `${name} (${method} ${url})`,
    why: "principals are limited, and nothing limits who is not one: credentials can be tried without end",
    fix: "Register @enfilade/rate-limit a second time, by address.",
  };
}

function namesOf(app: FastifyInstance): Set<string> {
  const root = rootOf(app);
  const known: unknown = Reflect.get(root, kNames);
  if (known instanceof Set) return known;
  const names = new Set<string>();
  Reflect.set(root, kNames, names);
  return names;
}
