import { randomUUID } from "node:crypto";
import { formatTraceparent, parseTraceparent } from "./traceparent.ts";
import { parseTracestate } from "./tracestate.ts";
import type { RawRequest } from "./types.ts";

/** Where a request stands in a distributed trace (W3C Trace Context). Ids are lower-case hexadecimal. */
export interface Trace {
  /** The whole trace: 32 digits. */
  readonly traceId: string;
  /** The caller's span, 16 digits; `undefined` for a trace that starts with this request. */
  readonly parentId: string | undefined;
  /** The span that stands for this request: 16 digits, the `parentId` of whomever it calls. */
  readonly spanId: string;
  /** Whether the trace may be recorded. */
  readonly sampled: boolean;
  /** Whether the trace id is known to be random (Trace Context, Level 2). */
  readonly random: boolean;
  /** The `tracestate` of the caller, checked and within limits; to be handed on unread. */
  readonly state: string | undefined;
}

/** The headers that continue a trace in a call to another service. */
export interface TraceHeaders {
  traceparent: string;
  tracestate?: string;
}

/** Continues the caller's trace. Without a valid `traceparent` a new one starts, and no `tracestate` counts. */
export function continueTrace({ headers }: RawRequest, sampleNewTraces: boolean): Trace {
  const caller = parseTraceparent(headers.traceparent);
  if (caller === undefined) return startTrace(sampleNewTraces);
  const spanId = createSpanId();
  return { ...caller, spanId, state: parseTracestate(headers.tracestate) };
}

/** Starts a trace. */
export function startTrace(sampled: boolean): Trace {
  return {
    traceId: createTraceId(),
    parentId: undefined,
    spanId: createSpanId(),
    sampled,
    random: true,
    state: undefined,
  };
}

/*
 * Ids are cut from UUIDs, whose random bits Node draws ahead: a call for bytes costs ten times as much. The bits
 * that every UUID has fixed keep them from being all zero, and are not among the right-most 7 bytes, which
 * Trace Context, Level 2, wants to be random.
 */

function createTraceId(): string {
  return randomUUID().replaceAll("-", "");
}

/**
 * Creates the id of a span, for a call that shall have one of its own.
 * @example
 * ```ts
 * const span = createSpanId();
 * request.log.info({ span, traceId: request.trace.traceId }, "calling the model");
 * await fetch(url, { headers: traceHeaders(request.trace, span) });
 * ```
 */
export function createSpanId(): string {
  const uuid = randomUUID();
  return uuid.slice(19, 23) + uuid.slice(24);
}

/**
 * Gives the headers that continue a trace in a call to another service.
 *
 * **Security**: trace ids and vendors' state go to whomever is called; leave them out for services of others.
 *
 * @param spanId - the span that stands for this one call; the request's own when the calls are not told apart
 * @example
 * ```ts
 * await fetch("http://models.internal/v1/chat", { headers: traceHeaders(request.trace) });
 * ```
 */
export function traceHeaders(trace: Trace, spanId: string = trace.spanId): TraceHeaders {
  const traceparent = formatTraceparent({ ...trace, parentId: spanId });
  return trace.state === undefined ? { traceparent } : { traceparent, tracestate: trace.state };
}
