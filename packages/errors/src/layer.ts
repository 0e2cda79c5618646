import { defineLayer, type Layer, optionReader, type RouteView } from "@enfilade/layer";
import type { FastifyInstance } from "fastify";
import {
  answerFailure,
  answerNotFound,
  answerPastHooks,
  answerUnseen,
  isFastifysOwn,
} from "./answer.ts";
import { findDialect } from "./dialects.ts";
import { ERRORS_INVALID_OPTION } from "./errors.ts";
import { failureOf, isAnswered, isPassedOn, watchFailure } from "./failure.ts";
import { assertAnswerable, closingError } from "./guard.ts";
import { silenceOf } from "./log-controller.ts";
import { isDefaultNotFound } from "./not-found.ts";
import { DIALECT_FIX, type ErrorsOptions, resolveOptions } from "./options.ts";
import { setSettings } from "./settings.ts";
import "./types.ts";

/**
 * Gives every error one envelope, wherever it was thrown: by a handler, by any layer, by Fastify itself; for
 * 404 and 405 as well. Handlers set by `setErrorHandler`, `setNotFoundHandler` or a route's `errorHandler`
 * come first: what they send goes out as it is, what they pass on gets the envelope.
 *
 * @throws `ERRORS_INVALID_OPTION` (on registration, or where a route is declared).
 * @example
 * ```ts
 * await app.register(errors, { dialects: { "/v1": "openai", "/mcp": "jsonrpc" } });
 * app.get("/agents/:id", async () => {
 *   throw Object.assign(new Error("No such agent."), { statusCode: 404, code: "AGENT_NOT_FOUND" });
 * });
 * ```
 */
export const errors: Layer<ErrorsOptions> = defineLayer<ErrorsOptions>({
  name: "errors",
  place: "shape",
  plugin: { name: "@enfilade/errors" },
  setup(app, options) {
    const settings = resolveOptions(options, silenceOf(app));
    setSettings(app, settings);
    routeExpectations(app);
    const closing = settings.refuseWhileClosing ? watchClosing(app) : () => false;

    return {
      onRoute: assertRoute,
      onRequest(request) {
        assertAnswerable(request);
        if (closing()) throw closingError();
      },
      onError(request, reply, error) {
        const failure = failureOf(reply);
        if (failure === undefined) watchFailure(reply, error);
        else if (isAnswered(failure) && failure.lastResort === undefined) {
          answerPastHooks(request, reply, failure, error);
        }
      },
      onSend(request, reply, payload) {
        if (reply.statusCode < 400) return undefined;
        const failure = failureOf(reply);
        if (failure !== undefined) {
          if (!isPassedOn(failure) || failure.body === payload) return undefined;
          const body = answerFailure(request, reply, failure);
          failure.body = body;
          return body;
        }
        if (request.is404 && isDefaultNotFound(request, payload)) {
          return answerNotFound(request, reply);
        }
        return isFastifysOwn(reply, payload) ? answerUnseen(request, reply) : undefined;
      },
      onHeaders(_request, reply) {
        const lastResort = failureOf(reply)?.lastResort;
        // What Fastify writes past its hooks is written by hand, as far as the headers are concerned.
        if (lastResort !== undefined) reply.raw.setHeader("content-length", lastResort.length);
      },
    };
  },
});

/** Lets a request with an unknown `Expect` in, to be refused where all layers see it; Node would answer it alone. */
function routeExpectations(app: FastifyInstance): void {
  if (app.server.listenerCount("checkExpectation") > 0) return;
  app.server.on("checkExpectation", app.routing);
}

function watchClosing(app: FastifyInstance): () => boolean {
  let closing = false;
  app.addHook("preClose", async () => {
    closing = true;
  });
  return () => closing;
}

function assertRoute({ options }: RouteView): undefined {
  const own: unknown = options.config?.errors;
  if (own === undefined) return;
  const name = `config.errors of ${options.method} ${options.url}`;
  const route = optionReader("@enfilade/errors", ERRORS_INVALID_OPTION, { [name]: own }, [name]);
  const read = route.inside(name, ["dialect"], 'Give { dialect: "…" }.');
  const dialect: unknown = Reflect.get(own as object, "dialect");
  if (dialect !== undefined && findDialect(dialect) === undefined)
    read.refuse("dialect", DIALECT_FIX);
}
