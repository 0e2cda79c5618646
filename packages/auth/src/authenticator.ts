import { isThenable, type LayerSetup, type RouteView } from "@enfilade/layer";
import { arrangementOf } from "@enfilade/layer/arranging";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { atBoot } from "./boot.ts";
import { type Authenticator, authenticatorsOf, enrolled, type Verdict } from "./enrolled.ts";
import { AUTH_REQUIRED } from "./errors.ts";
import { uncheckedAccess } from "./findings.ts";
import { isPublic } from "./public.ts";
import { refuse, refuseFailed } from "./refuse.ts";

const kAbstained = Symbol.for("enfilade.auth.abstained");
const kDoubt = Symbol.for("enfilade.auth.doubt");

// Fastify decorates no requests of a scope that was loaded before: what was to be null is undefined there.
type Asked = FastifyRequest & { [kAbstained]?: number; [kDoubt]?: Doubt | null };

function isKnown({ principal }: FastifyRequest): boolean {
  return principal !== null && principal !== undefined;
}

interface Doubt {
  readonly by: Authenticator;
  readonly error: Error;
}

/**
 * Makes the hooks of a layer in place `authenticate` that provides `"principal"`. All authenticators of a
 * route are asked in turn until one makes a principal or refuses; when all have abstained, the last one
 * refuses with 401. Routes with `config: { public: true }` are left alone.
 *
 * @example
 * ```ts
 * const session = defineLayer({
 *   name: "session",
 *   place: "authenticate",
 *   provides: ["principal"],
 *   setup: (app) =>
 *     createAuthenticator(app, {
 *       kind: "session",
 *       challenge: { scheme: "Session" },
 *       authenticate: (request) => findSession(request.headers.cookie),
 *     }),
 * });
 * ```
 */
export function createAuthenticator(
  app: FastifyInstance,
  authenticator: Authenticator,
): Pick<LayerSetup, "onRequest" | "preParsing" | "onRoute" | "audit"> {
  decorate(app);
  enrolled.add(app, authenticator);
  // Under an arrangement public routes do not come here.
  const alone = arrangementOf(app) === undefined;
  const routes: RouteView[] = [];

  return {
    onRequest(request, reply) {
      if (isKnown(request) || (alone && isPublic(request))) return;
      let verdict: Verdict | Promise<Verdict>;
      try {
        verdict = authenticator.authenticate(request, reply);
      } catch (error) {
        return refuseFailed(request, reply, authenticator, error);
      }
      if (!isThenable(verdict)) return settle(request as Asked, reply, verdict);
      return Promise.resolve(verdict).then(
        (settled) => settle(request as Asked, reply, settled),
        (error: unknown) => refuseFailed(request, reply, authenticator, error),
      );
    },
    // A layer that is replaced further in (`override`) does not run, so nobody counts to the end. This does.
    preParsing(request, reply) {
      if (isKnown(request) || (alone && isPublic(request))) return;
      return giveUp(request as Asked, reply);
    },
    onRoute(route) {
      routes.push(route);
    },
    ...atBoot(app, () => [...uncheckedAccess(routes), ...(authenticator.findings?.() ?? [])]),
  };

  function settle(
    request: Asked,
    reply: FastifyReply,
    verdict: Verdict,
  ): undefined | Promise<never> {
    if (verdict !== null && !(verdict instanceof Error)) {
      request.principal = verdict;
      return undefined;
    }
    if (verdict !== null) request[kDoubt] ??= { by: authenticator, error: verdict };
    const abstained = (request[kAbstained] ?? 0) + 1;
    request[kAbstained] = abstained;
    if (abstained >= authenticatorsOf(request.server).length) return giveUp(request, reply);
    return undefined;
  }
}

function giveUp(request: Asked, reply: FastifyReply): never | Promise<never> {
  const doubt = request[kDoubt] ?? null;
  if (doubt === null) return refuse(request, reply, new AUTH_REQUIRED());
  return refuseFailed(request, reply, doubt.by, doubt.error);
}

/**
 * Decorates the requests of an instance with `principal`, unless they are already: for layers that read it
 * and may be registered before any authenticator.
 */
export function decoratePrincipal(app: FastifyInstance): void {
  if (!app.hasRequestDecorator("principal")) app.decorateRequest("principal", null);
}

function decorate(app: FastifyInstance): void {
  decoratePrincipal(app);
  if (app.hasRequestDecorator(kAbstained)) return;
  app.decorateRequest(kAbstained, 0);
  app.decorateRequest(kDoubt, null);
}
