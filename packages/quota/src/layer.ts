import { defineLayer, type Layer, type RouteView } from "@enfilade/layer";
import { arrangementOf } from "@enfilade/layer/arranging";
import { answerPlain } from "@enfilade/limiter/http";
import type { FastifyInstance, FastifyRequest } from "fastify";
import { Controls } from "./controls.ts";
import { QUOTA_INVALID_OPTION, QUOTA_NOT_REGISTERED } from "./errors.ts";
import { assertNames, auditNames, auditQuota } from "./findings.ts";
import { decorateMetered, Meter } from "./meter.ts";
import { PACKAGE, type QuotaOptions, resolveOptions } from "./options.ts";
import type { QuotaRefusal } from "./refusal.ts";
import { RouteQuotas } from "./route-quotas.ts";
import type { QuotaControls } from "./types.ts";
import "./types.ts";

const kControls: unique symbol = Symbol("enfilade.quota");

type Instance = FastifyInstance & { [kControls]?: QuotaControls };

/**
 * Gives every run of an agent a quota: requests, tokens, money and runs at once, by user, organisation, key,
 * address or session, decided together before the handler runs, and settled once, however the run ends.
 *
 * **Security:** it counts what handlers tell it. A handler that neither estimates nor settles pays one of each unit.
 *
 * @throws `QUOTA_INVALID_OPTION` (on registration, or where a route is declared).
 * @example
 * ```ts
 * await app.register(quota, {
 *   policies: {
 *     tokens: { counts: "tokens", limit: 90_000, per: "minute" },
 *     runs: { counts: "runs", limit: 4 },
 *   },
 *   estimate: () => ({ tokens: 4_000 }),
 * });
 * app.post("/agents/:id/runs", { config: { quota: true } }, async (request) => {
 *   const { text, tokens } = await run(request.body, request.quota?.signal);
 *   await request.quota?.settle({ tokens });
 *   return text;
 * });
 * ```
 */
export const quota: Layer<QuotaOptions> = defineLayer<QuotaOptions>({
  name: "quota",
  place: "spend",
  plugin: { name: "@enfilade/quota" },
  setup(app, options) {
    const settings = resolveOptions(options);
    const meter = new Meter(settings);
    const quotas = new RouteQuotas(settings);
    const controls = new Controls(meter);
    const routes: RouteView[] = [];
    const isAlone = arrangementOf(app) === undefined;
    // An outer registration sees the routes, too, where an inner one governs.
    const governs = ({ instance }: RouteView) => quotaControls(instance) === controls;
    const refusals = new WeakMap<FastifyRequest, QuotaRefusal>();
    decorate(app, controls);
    // Requests that wait for a place would keep the server from closing, and then find none.
    app.addHook("preClose", async () => meter.room?.close());
    app.addHook("onClose", () => meter.close());
    if (isAlone) {
      app.addHook("onReady", async () => {
        // Of a HEAD route that goes with a GET there is nothing else to say.
        const told = routes.filter((route) => governs(route) && route.options.method !== "HEAD");
        for (const { code, where, why, fix } of auditQuota(settings, told)) {
          app.log.warn({ code, where, fix }, why);
        }
      });
    }

    return {
      onRoute(route): undefined {
        if (route.notFound) return;
        if (quotas.check(route) === undefined) return;
        routes.push(route);
        if (isAlone && governs(route)) assertNames(route, quotas);
      },
      preHandler(request, reply) {
        // Without an arrangement an outer registration's hooks run where an inner one governs.
        if (request.is404 || quotaControls(request.server) !== controls) return undefined;
        const own = quotas.of(request.routeOptions.config);
        if (own === undefined || (request.quota ?? null) !== null) return undefined;
        return meter.admit(request, reply, own).catch((error: unknown) => {
          if (isRefusal(error)) refusals.set(request, error);
          throw error;
        });
      },
      onSend(request, reply, payload) {
        if (reply.statusCode < 400) return undefined;
        const refusal = refusals.get(request);
        return refusal && answerPlain(request, reply, payload, refusal);
      },
      onSettled(request, _reply, outcome) {
        meter.leave(request, outcome === "completed");
      },
      audit(view) {
        const governed = routes.filter(governs);
        return [...auditQuota(settings, governed), ...auditNames(view, governed, quotas)];
      },
    };
  },
});

/** Gives the quotas that hold in a scope. */
function quotaControls(app: Instance): QuotaControls | undefined {
  return app[kControls];
}

function decorate(app: Instance, controls: QuotaControls): void {
  // A run has one quota: of two in one scope only one would hold, and nobody would see which.
  if (Object.hasOwn(app, kControls)) {
    const fix = "Put the policies of both into one registration.";
    throw new QUOTA_INVALID_OPTION(PACKAGE, "policies", "given twice in one scope", fix);
  }
  app[kControls] = controls;
  decorateMetered(app);
  if (app.hasDecorator("quota")) return;
  app.decorate("quota", {
    getter(this: Instance): QuotaControls {
      const own = quotaControls(this);
      if (own === undefined) throw new QUOTA_NOT_REGISTERED();
      return own;
    },
  });
}

function isRefusal(error: unknown): error is QuotaRefusal {
  return error instanceof Error && "problem" in error;
}
