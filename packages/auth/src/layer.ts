import { defineLayer, type Finding, isThenable, type Layer, type RouteView } from "@enfilade/layer";
import { arrangementOf } from "@enfilade/layer/arranging";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { decoratePrincipal } from "./authenticator.ts";
import { atBoot } from "./boot.ts";
import { type Authenticator, authenticatorsOf, enrolled } from "./enrolled.ts";
import { AUTH_INVALID_OPTION, AUTH_NO_RULE, AUTH_NOT_OWNER, AUTH_REQUIRED } from "./errors.ts";
import { markGuarded, tooEarly, withoutAuthenticator, withoutRule } from "./findings.ts";
import { serveResources } from "./metadata.ts";
import { type AuthOptions, resolveOptions } from "./options.ts";
import { isPublic } from "./public.ts";
import { refuse } from "./refuse.ts";
import { createRouteRules } from "./route-rules.ts";
import type { Rule } from "./rule.ts";
import type { Principal } from "./types.ts";
import { checkScopes, isAdmin } from "./verdict.ts";

const kOwnerRule = Symbol("enfilade.auth.ownerRule");

type Checked = FastifyRequest & { [kOwnerRule]?: Rule | null };

/**
 * Decides what the principal of a request may do, route by route: scopes, ownership, or anything for an
 * admin. A route without a rule does not boot.
 *
 * @throws `AUTH_INVALID_OPTION` (on registration) when an option is not valid.
 * @throws `AUTH_INVALID_ACCESS` (when a route is declared) when its `config.access` is not valid.
 * @throws `AUTH_REFUSED` (from `app.ready()`, without an arrangement) with every finding that is an error.
 * @example
 * ```ts
 * await app.register(apiKey, { keys });
 * await app.register(auth);
 * app.post("/agents/:id/runs", { config: { access: { scopes: ["agents:{id}:run"] } } }, run);
 * app.get("/health", { config: { public: true } }, () => "ok");
 * ```
 */
export const auth: Layer<AuthOptions> = defineLayer<AuthOptions>({
  name: "auth",
  place: "authorize",
  requires: ["principal"],
  plugin: { name: "@enfilade/auth" },
  setup(app, options) {
    const { adminScope, map, unruled, resources } = resolveOptions(options);
    const alone = arrangementOf(app) === undefined;
    const rules = createRouteRules(map, unruled);
    const present = enrolled.along(app);
    decorate(app);
    markGuarded(app);
    if (resources.length > 0) serveAtRoot(app, () => serveResources(app, resources));

    return {
      onRoute: rules.prepare,
      onRequest(request, reply) {
        if (alone && isPublic(request)) return;
        const { principal } = request;
        if (principal === null || principal === undefined)
          return refuse(request, reply, new AUTH_REQUIRED());
        if (request.is404) return;
        const rule = rules.of(request);
        if (rule === undefined) throw new AUTH_NO_RULE();
        if (isAdmin(principal, adminScope)) return;
        checkScopes(rule, principal, request, reply);
        if (rule.ownerParam !== undefined) checkOwnerParam(rule.ownerParam, principal, request);
        if (rule.ownerCheck !== undefined) (request as Checked)[kOwnerRule] = rule;
      },
      preHandler(request, reply) {
        const { [kOwnerRule]: rule, principal } = request as Checked;
        if (rule?.ownerCheck === undefined || principal === null) return;
        return checkOwner(rule.ownerCheck(request, principal), reply);
      },
      ...atBoot(app, () => [
        ...withoutRule(rules.unruled()),
        ...(alone ? misplaced(rules.guarded(), present) : []),
        ...rules.unused(),
      ]),
    };
  },
});

function decorate(app: FastifyInstance): void {
  decoratePrincipal(app);
  if (!app.hasRequestDecorator(kOwnerRule)) app.decorateRequest(kOwnerRule, null);
}

/** What an arrangement would put right, or say itself. */
function misplaced(routes: readonly RouteView[], present: readonly Authenticator[]): Finding[] {
  const isLate = (authenticator: Authenticator) => !present.includes(authenticator);
  return [
    ...withoutAuthenticator(
      routes.filter((route) => authenticatorsOf(route.instance).length === 0),
    ),
    ...tooEarly(routes.filter((route) => authenticatorsOf(route.instance).some(isLate))),
  ];
}

function checkOwnerParam(param: string, principal: Principal, request: FastifyRequest): void {
  const owner: unknown = (request.params as Record<string, unknown>)[param];
  if (owner !== (principal.userId ?? principal.id)) throw new AUTH_NOT_OWNER();
}

function checkOwner(owns: boolean | Promise<boolean>, reply: FastifyReply): void | Promise<void> {
  if (isThenable(owns)) {
    return Promise.resolve(owns).then((settled) => checkOwner(settled, reply));
  }
  // Anything but true is no: a check that forgets to answer must not let everybody in.
  if (owns !== true) throw new AUTH_NOT_OWNER();
}

/** RFC 9728 puts the metadata below the root of the origin. */
function serveAtRoot(app: FastifyInstance, serve: () => void): void {
  if (app.prefix !== "") {
    throw new AUTH_INVALID_OPTION(
      "@enfilade/auth",
      "resources",
      `given below ${app.prefix}`,
      "Describe resources where auth is registered without a prefix.",
    );
  }
  serve();
}
