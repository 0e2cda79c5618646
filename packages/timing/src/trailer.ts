import { exchangeOf } from "@enfilade/layer";
import type { FastifyReply, FastifyRequest } from "fastify";
import type { Exposures } from "./exposures.ts";
import type { TimingSettings } from "./options.ts";
import { timingOf } from "./request-timing.ts";
import { formatMetrics, type Metric } from "./server-timing.ts";

/** The replies that carry a trailer of ours, and its name. */
const offered = new WeakMap<FastifyReply, string>();

/**
 * Lets a stream end in a `Server-Timing` trailer, where that was asked for. What is known only at the end
 * of a stream can go out nowhere else.
 */
export function offerTrailer(
  settings: TimingSettings,
  exposures: Exposures,
  request: FastifyRequest,
  reply: FastifyReply,
  payload: unknown,
): void {
  if (!isStream(payload)) {
    withdrawTrailer(reply);
    return;
  }
  const { trailer, serverTimingHeader, detail } = exposures.of(request.routeOptions.config);
  if (!trailer || serverTimingHeader === undefined || !canCarryTrailer(request, reply)) return;
  if (reply.hasTrailer(serverTimingHeader)) return;
  offered.set(reply, serverTimingHeader);
  reply.trailer(serverTimingHeader, async () => endMetrics(settings, request, detail));
}

/** The stream failed before its headers, and what goes out instead has a length. */
function withdrawTrailer(reply: FastifyReply): void {
  const name = offered.get(reply);
  if (name === undefined) return;
  offered.delete(reply);
  reply.removeTrailer(name);
  // Fastify has announced it already; of the application's own trailers it does so again.
  reply.removeHeader("trailer");
  reply.removeHeader("transfer-encoding");
}

/** Trailers need the chunked coding, which HTTP/1.0 does not have and a Content-Length rules out. */
function canCarryTrailer(request: FastifyRequest, reply: FastifyReply): boolean {
  return request.raw.httpVersion !== "1.0" && !reply.hasHeader("content-length");
}

function endMetrics({ scale }: TimingSettings, request: FastifyRequest, detail: boolean): string {
  const { startedAt, headersAt } = exchangeOf(request) ?? {};
  if (startedAt === undefined) return "";
  const metrics: Metric[] = [{ name: "total", durationMs: performance.now() - startedAt }];
  if (detail) metrics.push(...timingOf(request).endedAfter(headersAt ?? startedAt));
  return formatMetrics(metrics, scale);
}

function isStream(payload: unknown): boolean {
  if (typeof payload !== "object" || payload === null) return false;
  const { pipe, getReader, body } = payload as Record<string, unknown>;
  return typeof pipe === "function" || typeof getReader === "function" || isStreamBody(body);
}

/** A web Response, whose body Fastify sends. */
function isStreamBody(body: unknown): boolean {
  return typeof (body as { getReader?: unknown } | null | undefined)?.getReader === "function";
}
