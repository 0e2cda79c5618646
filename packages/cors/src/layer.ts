import { defineLayer, type Answer as HookAnswer, isPreflight, type Layer } from "@enfilade/layer";
import type { FastifyReply, FastifyRequest } from "fastify";
import type { Answer } from "./answers.ts";
import { audit } from "./audit.ts";
import { openDoor } from "./door.ts";
import { type Engine, loadEngine } from "./engine.ts";
import { CORS_ORIGIN_REFUSED } from "./errors.ts";
import { enforce } from "./headers.ts";
import type { CorsOptions } from "./options.ts";
import { isOwnOrigin } from "./origin.ts";
import type { Policy } from "./policy.ts";
import { answerPreflight } from "./preflight.ts";
import { policyOf, Territory, territoryOf } from "./territory.ts";
import "./types.ts";

const kAnswer: unique symbol = Symbol("enfilade.cors.answer");

interface Answered {
  /** What was decided; `false` where the layer keeps its hands off, `null` while nothing is. */
  [kAnswer]?: Answer | false | null;
}

type Request = FastifyRequest & Answered;

/**
 * Lets the pages of other origins in, those that are listed and no others: answers preflights for the route that they
 * ask about, sets the CORS headers on every kind of response, refuses WebSocket upgrades from elsewhere. The engine
 * is `@fastify/cors`.
 *
 * @throws `CORS_INVALID_OPTION`, `CORS_WILDCARD_CREDENTIALS`, `CORS_UNSAFE_PATTERN` (on registration; for
 * `config.cors` of a route at ready) when the options are not valid, or safe.
 * @throws `CORS_REGISTERED_TWICE` (on registration) where the instance has the layer already.
 * @example
 * ```ts
 * await app.register(cors, { origin: ["https://app.example", "https://*.app.example"], credentials: true });
 * app.get("/models", { config: { cors: { origin: "*", credentials: false } } }, listModels);
 * ```
 */
export const cors: Layer<CorsOptions> = defineLayer<CorsOptions>({
  name: "cors",
  place: "share",
  plugin: { name: "@enfilade/cors" },
  async setup(app, options) {
    const territory = new Territory(app, options);
    const engine = await loadEngine(app);
    if (!app.hasRequestDecorator(kAnswer)) app.decorateRequest(kAnswer, null);
    openDoor(app, territory, engine);
    app.addHook("onReady", async () => territory.prepare());
    return {
      onRequest: (request, reply) => receive(territory, engine, request, reply),
      onHeaders: (request, reply) => complete(territory, engine, request, reply),
      onRoute: (route) => territory.book.add(route),
      audit: (view) => audit(territory, view),
    };
  },
});

function receive(
  territory: Territory,
  engine: Engine,
  request: Request,
  reply: FastifyReply,
): HookAnswer | Promise<HookAnswer> {
  // An inner registration governs the route; without an arrangement, the outer one's hooks run there too.
  if (territoryOf(request.server) !== territory) return;
  if (isPreflight(request)) {
    request[kAnswer] = false;
    return answerPreflight(territory.book, policyOf(territory, request), engine, request, reply);
  }
  const policy = policyOf(territory, request);
  if (policy === undefined) {
    request[kAnswer] = false;
    return;
  }
  const { origin } = request.headers;
  if (origin === undefined || policy.open) {
    apply(policy.open ? policy.granted : policy.denied, engine, request, reply);
    return;
  }
  // Until it is judged, and if that fails, nobody is let in.
  request[kAnswer] = policy.denied;
  const verdict = policy.decide(origin, request);
  if (typeof verdict === "boolean") {
    settle(policy, verdict, engine, request, reply);
    return;
  }
  return verdict.then((allowed) => settle(policy, allowed, engine, request, reply));
}

function settle(
  policy: Policy,
  allowed: boolean,
  engine: Engine,
  request: Request,
  reply: FastifyReply,
): void {
  apply(allowed ? policy.granted : policy.denied, engine, request, reply);
  const { upgrade, origin = "" } = request.headers;
  if (upgrade === undefined || allowed || !policy.checkUpgrades) return;
  if (!isOwnOrigin(origin, request.host)) throw new CORS_ORIGIN_REFUSED();
}

function apply(answer: Answer, engine: Engine, request: Request, reply: FastifyReply): void {
  request[kAnswer] = answer;
  engine(request, reply, answer);
}

/** Has the last word on the headers, and the only one where somebody further out has answered first. */
function complete(
  territory: Territory,
  engine: Engine,
  request: Request,
  reply: FastifyReply,
): void {
  if (territoryOf(request.server) !== territory || reply.raw.statusCode < 200) return;
  if (request[kAnswer] == null) decideLate(territory, engine, request, reply);
  const answer = request[kAnswer];
  if (answer) enforce(reply, answer, request.headers.origin);
}

/** Nobody can be waited for any more: an origin that takes time to judge is not let in. */
function decideLate(
  territory: Territory,
  engine: Engine,
  request: Request,
  reply: FastifyReply,
): void {
  const policy = policyOf(territory, request);
  if (policy === undefined) return;
  const { origin } = request.headers;
  const verdict = policy.open || (origin !== undefined && policy.decide(origin, request));
  if (typeof verdict !== "boolean") verdict.catch(() => {});
  const allowed = verdict === true;
  apply(allowed ? policy.granted : policy.denied, engine, request, reply);
}
