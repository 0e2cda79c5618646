import { defineLayer, exchangeOf, type Finding, type Layer } from "@enfilade/layer";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { createExposures, type Exposures } from "./exposures.ts";
import { resolveOptions, type TimingOptions, type TimingSettings } from "./options.ts";
import { timingOf } from "./request-timing.ts";
import { formatMetrics, type Metric, round } from "./server-timing.ts";
import { offerTrailer } from "./trailer.ts";

const kDecorated = Symbol.for("enfilade.timing.decorated");

/**
 * Tells how long each response took: to its headers in `X-Process-Time-Ms` and `Server-Timing`, to its
 * first byte and its end in `request.timing` and in `onTimed`. Handlers add spans of their own.
 *
 * @throws `TIMING_INVALID_OPTION` (on registration) for an option that is not valid or not known.
 * @example
 * ```ts
 * await app.register(timing, { onTimed: (request, { totalMs }) => histogram.observe(totalMs) });
 * app.get("/users/:id", async (request) => request.timing.measure("db", () => users.find(request.params.id)));
 * ```
 */
export const timing: Layer<TimingOptions> = defineLayer<TimingOptions>({
  name: "timing",
  place: "observe",
  plugin: { name: "@enfilade/timing" },
  setup(app, options) {
    const settings = resolveOptions(options);
    const { onTimed } = settings;
    const exposures = createExposures(settings);
    decorate(app);
    return {
      onRoute(route) {
        exposures.of(route.options.config);
      },
      onSend(request, reply, payload) {
        offerTrailer(settings, exposures, request, reply, payload);
      },
      onHeaders(request, reply) {
        writeHeaders(settings, exposures, request, reply);
      },
      ...(onTimed && {
        onSettled: (request) => onTimed(request, timingOf(request).toJSON()),
      }),
      audit: ({ routes }) => auditDetail(exposures, routes),
    };
  },
});

function decorate(app: FastifyInstance): void {
  // A scope further out may have done so, for a layer of the same kind.
  if (app.hasDecorator(kDecorated)) return;
  app.decorate(kDecorated, true);
  app.decorateRequest("timing", {
    getter() {
      return timingOf(this);
    },
  });
}

function writeHeaders(
  { scale }: TimingSettings,
  exposures: Exposures,
  request: FastifyRequest,
  reply: FastifyReply,
): void {
  const { headersAt, startedAt } = exchangeOf(request) ?? {};
  // An interim response is no answer yet (RFC 9110, section 15.2), and an upgrade is none to time.
  if (headersAt === undefined || startedAt === undefined || reply.raw.statusCode < 200) return;
  const exposure = exposures.of(request.routeOptions.config);
  const { processTimeHeader, serverTimingHeader } = exposure;
  const durationMs = headersAt - startedAt;
  if (processTimeHeader !== undefined) {
    reply.header(processTimeHeader, String(round(durationMs, scale)));
  }
  if (serverTimingHeader === undefined) return;
  const metrics: Metric[] = [{ name: "headers", durationMs }];
  if (exposure.detail) metrics.push(...timingOf(request).endedAfter(0));
  addMetrics(reply, serverTimingHeader, formatMetrics(metrics, scale));
}

/** What an earlier attempt has left, whose headers could not be sent. */
const LEFT_OVER = /(?:^|, )headers;dur=[\d.]+(?:, .*)?$/;

/** Adds metrics behind those that the application has given, on its reply or on the connection itself. */
function addMetrics(reply: FastifyReply, name: string, metrics: string): void {
  const { raw } = reply;
  const written = raw.getHeader(name);
  const given = written ?? reply.getHeader(name);
  if (given === undefined) {
    reply.header(name, metrics);
    return;
  }
  const own = [given].flat().join(", ").replace(LEFT_OVER, "");
  const value = own === "" ? metrics : `${own}, ${metrics}`;
  reply.header(name, value);
  if (written !== undefined) raw.setHeader(name, value);
}

function* auditDetail(
  exposures: Exposures,
  routes: Iterable<{ method: string; url: string; config: object }>,
): Generator<Finding> {
  for (const { method, url, config } of routes) {
    const { detail, serverTimingHeader, trailer } = exposures.of(config);
    if (!detail || (serverTimingHeader === undefined && !trailer)) continue;
    yield {
      code: "TIMING_DETAIL_EXPOSED",
      severity: "info",
      where: `${method} ${url}`,
      why: "Server-Timing tells every caller the names, durations and descriptions of its spans",
      fix: "Leave detail off, or keep the header from leaving your network.",
    };
  }
}
