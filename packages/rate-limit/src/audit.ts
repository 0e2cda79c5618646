import { type AuditView, type Finding, proxyTrustOf, serverOptionsOf } from "@enfilade/layer";
import type { FastifyInstance } from "fastify";
import type { By } from "./callers.ts";
import type { RateLimitRouteOptions } from "./types.ts";

const kNames: unique symbol = Symbol.for("enfilade.rate-limit.by-address");

/** What is known of a registration when it is audited. */
export interface Audited {
  readonly name: string;
  readonly by: By;
}

/** Remembers which layers of an app limit by address, for others to see. */
export function rememberShield(app: FastifyInstance, { name, by }: Audited): void {
  if (by === "address") namesOf(app).add(name);
}

/** Says what only the whole app shows of a registration. */
export function* audit({ name, by }: Audited, { instance, routes }: AuditView): Generator<Finding> {
  yield* auditTrust(instance, by);
  if (instance.hasDecorator("createRateLimit")) yield engineBeside();
  const shields = namesOf(instance);
  for (const { method, url, config, layers } of routes) {
    const unknown = [config.rateLimit ?? []]
      .flat()
      .map((entry) => (entry as RateLimitRouteOptions).layer)
      .find((layer) => layer !== undefined && !layers.includes(layer));
    if (unknown !== undefined) yield unknownLayer(`${method} ${url}`, unknown);
  }
  const open = routes.find(({ layers }) => !layers.some((layer) => shields.has(layer)));
  if (by === "principal" && open !== undefined) yield noShield(name, open);
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

/** The root's prototype is a plain object: it cannot register anything. */
function rootOf(app: FastifyInstance): FastifyInstance {
  const above = Object.getPrototypeOf(app) as FastifyInstance | null;
  return above !== null && "register" in above ? rootOf(above) : app;
}
