import { defineLayer, exchangeOf, type Layer, type Outcome, type RouteView } from "@enfilade/layer";
import type { FastifyReply, FastifyRequest } from "fastify";
import { auditLog, createDoubleLines } from "./audit.ts";
import { createBodies } from "./bodies.ts";
import { createCaptures } from "./captures.ts";
import { hasNoLogger } from "./fastify-lines.ts";
import { createIgnore } from "./ignore.ts";
import { isAnyEnabled, isEnabled, levelOf } from "./levels.ts";
import { createLines } from "./line.ts";
import { type RequestLogOptions, resolveOptions } from "./options.ts";
import { createRoutes } from "./routes.ts";
import { createSecrets } from "./secrets.ts";
import { claim, watch, watchOf } from "./watch.ts";

/**
 * Writes one structured line for each exchange, when it has really ended: delivered, broken off, or left
 * by the client. Secrets in addresses and headers are taken out; bodies are not logged unless asked for.
 *
 * @throws `REQUEST_LOG_INVALID_OPTION` (on registration) for an option that is not valid or not known.
 * @example
 * ```ts
 * const app = Fastify({ logger: true, logController: new LogController({ disableRequestLogging: true }) });
 * await app.register(requestLog, { ignore: ["/health"] });
 * ```
 */
export const requestLog: Layer<RequestLogOptions> = defineLayer<RequestLogOptions>({
  name: "request-log",
  place: "observe",
  after: ["timing?"],
  plugin: { name: "@enfilade/request-log" },
  setup(app, options) {
    const settings = resolveOptions(options);
    const routes = createRoutes(settings);
    const onRoute = ({ options: { config } }: RouteView) => void routes.of(config);
    if (hasNoLogger(app)) return { onRoute };

    const secrets = createSecrets(settings.secretNames);
    const bodies = createBodies(secrets, settings);
    const captures = createCaptures(bodies, settings.maxBodyBytes);
    const lines = createLines(settings, secrets, bodies);
    const isIgnored = createIgnore(settings);
    const { levels } = settings.route;
    const doubleLines = createDoubleLines(app);

    return {
      onRoute,
      onRequest(request, reply) {
        if (isAnyEnabled(request.log, levels)) watch(request, reply);
      },
      onError(request, _reply, error) {
        const seen = watchOf(request);
        if (seen !== undefined) seen.error = error;
      },
      onSend(request, _reply, payload) {
        const seen = watchOf(request);
        // A stream keeps the error that it failed with; Fastify tells nobody but its own log.
        if (seen !== undefined && isNodeStream(payload)) seen.source = payload;
      },
      onHeaders(request, reply) {
        const seen = watchOf(request);
        if (seen === undefined || !routes.of(request.routeOptions.config)?.responseBody) return;
        seen.capture = captures.begin(request, reply);
      },
      onSettled(request, reply, outcome) {
        if (!claim(request)) return;
        const { config, url: route } = request.routeOptions;
        const routeSettings = routes.of(config);
        if (routeSettings === undefined) return;
        const status = statusOf(request, reply);
        const level = levelOf(routeSettings.levels, status, outcome);
        if (!isEnabled(request.log, level) || isIgnored(request, reply, route)) return;

        const about = { status, route, settings: routeSettings };
        const capture = watchOf(request)?.capture;
        if (capture?.encoding !== undefined) {
          return captures.decode(capture).then((body) => {
            request.log[level](lines.of(request, reply, outcome, about, body), MESSAGES[outcome]);
          });
        }
        const body = capture && captures.read(capture);
        request.log[level](lines.of(request, reply, outcome, about, body), MESSAGES[outcome]);
      },
      audit: (view) => auditLog(doubleLines, routes, view),
    };
  },
});

const MESSAGES: Readonly<Record<Outcome, string>> = {
  completed: "exchange completed",
  aborted: "exchange aborted",
  errored: "exchange errored",
};

/** The status that was sent. An upgrade is answered past Node's response, by whoever took the connection. */
function statusOf(request: FastifyRequest, reply: FastifyReply): number | undefined {
  if (exchangeOf(request)?.headersAt !== undefined) return reply.raw.statusCode;
  return reply.sent && request.headers.upgrade !== undefined ? 101 : undefined;
}

function isNodeStream(payload: unknown): payload is { readonly errored?: unknown } {
  return typeof (payload as { pipe?: unknown } | null | undefined)?.pipe === "function";
}
