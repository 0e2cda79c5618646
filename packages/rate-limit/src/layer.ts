import { decoratePrincipal, hasAuthenticator } from "@enfilade/auth";
import {
  defineLayer,
  isPreflight,
  type Layer,
  type LayerRegistration,
  type LayerSetup,
} from "@enfilade/layer";
import { arrangementOf } from "@enfilade/layer/arranging";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import fastifyPlugin from "fastify-plugin";
import { type Audited, assertNames, audit, auditTrust, rememberShield } from "./audit.ts";
import { type By, readBy } from "./callers.ts";
import { RATE_LIMIT_NO_AUTHENTICATOR, RATE_LIMIT_TOO_EARLY } from "./errors.ts";
import { throttleFailures } from "./failures.ts";
import { PACKAGE, type RateLimitOptions, readerOf, resolveOptions } from "./options.ts";
import { answerRefused, decorateRefused } from "./refuse.ts";
import { RouteLimits, unbroken } from "./route-limits.ts";
import "./types.ts";

/**
 * Limits how many requests one caller may send: by address before authentication, by principal or by a key of
 * yours after it. 404s, upgrades and streams count like all others; answered preflights and health checks
 * do not.
 *
 * @throws `RATE_LIMIT_INVALID_OPTION` (on registration, or where a route is declared).
 * @example
 * ```ts
 * await app.register(rateLimit); // 600 a minute for each address
 * await app.register(rateLimit, { by: "principal", max: 120, timeWindow: "1 minute" });
 * app.post("/login", { config: { rateLimit: { max: 10 } } }, login);
 * ```
 */
export const rateLimit: Layer<RateLimitOptions> = fastifyPlugin(
  async (app: FastifyInstance, options: Registered) => {
    const stand = standOf(options);
    const own = options.layer?.name;
    const layer = defineLayer<RateLimitOptions>({
      ...stand,
      plugin: { name: PACKAGE },
      setup: (scope, given) => setup(scope, given, stand.name, own),
    });
    await layer(app, options);
  },
  { fastify: "5.x", name: PACKAGE },
);

type Registered = RateLimitOptions & { layer?: LayerRegistration };

/** Where a registration stands in the line follows from whom it counts. */
function standOf({ layer: _layer, ...options }: Registered) {
  const by = readBy(readerOf(PACKAGE, options, Object.keys(options)), options);
  if (by === "address") return { name: "rate-limit", place: "shield" } as const;
  return by === "principal"
    ? ({ name: "rate-limit:principal", place: "spend", requires: ["principal"] } as const)
    : ({ name: "rate-limit:key", place: "spend" } as const);
}

/** @param own - the name that was given at the registration */
function setup(
  app: FastifyInstance,
  options: RateLimitOptions,
  stand: string,
  own: string | undefined,
): LayerSetup {
  const name = own ?? stand;
  const settings = resolveOptions(options);
  const { limiter, callers, failures, dialects } = settings;
  const { by, addressOf } = callers;
  const space = unbroken(`${name}${app.prefix}`);
  const onDegraded = createDegradedWarning(name);
  const policyName = policyNameOf(by, own);
  const limits = new RouteLimits({ name, policyName, space, options, settings, onDegraded });
  const audited: Audited = { name, by, limits };
  const isAlone = arrangementOf(app) === undefined;
  // Under an arrangement, public routes do not come here.
  const passesPublic = by === "principal" && isAlone;

  decoratePrincipal(app);
  decorateRefused(app);
  rememberShield(app, audited);
  app.addHook("onClose", () => limiter.close());
  if (failures !== undefined) {
    const { isAllowed } = limits.rules;
    throttleFailures(app, { policy: failures, space, limiter, addressOf, isAllowed, dialects });
  }
  if (isAlone) checkAlone(app, name, by);

  const count = (request: FastifyRequest, reply: FastifyReply) => {
    if (passesPublic && request.routeOptions.config.public === true) return undefined;
    return limits.of(request)?.check(request, reply);
  };
  return {
    onRoute(route): undefined {
      limits.declare(route);
      if (isAlone) assertNames(audited, route);
    },
    onRequest(request, reply) {
      return isPreflight(request) ? undefined : count(request, reply);
    },
    // A preflight that nobody has answered by now is on its way to a handler: one that counts for nothing there
    // would be a way around every limit.
    preParsing(request, reply) {
      return isPreflight(request) ? count(request, reply) : undefined;
    },
    onSend: answerRefused,
    audit: (view) => audit(audited, view),
  };
}

/** Names the policy that is made of `max`: whom it counts, or the registration where that has a name of its own. */
function policyNameOf(by: By, own: string | undefined): string {
  if (own === undefined) return by === "key" ? "requests" : by;
  // The rules for names of policies, which have no colon and end somewhere.
  return own.replaceAll(":", "-").slice(0, 64);
}

/** Sees to what an arrangement would put right, or say. */
function checkAlone(app: FastifyInstance, name: string, by: By): void {
  const isKnown = hasAuthenticator(app);
  app.addHook("onReady", async () => {
    if (by === "principal" && !isKnown) {
      throw hasAuthenticator(app)
        ? new RATE_LIMIT_TOO_EARLY(name)
        : new RATE_LIMIT_NO_AUTHENTICATOR(name);
    }
    for (const { code, why, fix } of auditTrust(app, by)) app.log.warn({ code, fix }, why);
  });
}

/** A store that is away is away for every request: one line in a while says it. */
function createDegradedWarning(name: string): (request: FastifyRequest) => void {
  let nextAt = 0;
  return (request) => {
    const now = performance.now();
    if (now < nextAt) return;
    nextAt = now + 10_000;
    request.log.warn({ layer: name }, "the store of the limits has not answered; onStoreError has");
  };
}
