import type { Outcome } from "@enfilade/layer";

/** What a span may be given besides its name. */
export interface SpanOptions {
  /**
   * Words for people, up to 128 characters; any text is safe here. What is not printable ASCII goes out
   * as a question mark.
   */
  readonly description?: string;
}

/** One named piece of work within an exchange. Spans may overlap and may bear the same name. */
export interface Span {
  readonly name: string;
  readonly description: string | undefined;
  /** Milliseconds from the first hook of the exchange to the start of the span. */
  readonly startMs: number;
  /** Milliseconds; `undefined` while the span goes on. */
  readonly durationMs: number | undefined;
  /** True when the measured work threw or rejected. */
  readonly failed: boolean;
  /** Ends the span and gives its duration in milliseconds; a second call changes nothing. */
  end(): number;
}

/** One span, as data. `durationMs` is missing where the span was never ended. */
export type SpanReport = Omit<Span, "end">;

/** How long an exchange took, as data: safe to log, to send to a metric, to turn into JSON. */
export interface TimingReport {
  /** How the exchange ended; `undefined` while it goes on. */
  readonly outcome: Outcome | undefined;
  readonly headersMs: number | undefined;
  readonly firstByteMs: number | undefined;
  readonly totalMs: number | undefined;
  readonly spans: readonly SpanReport[];
  /** How many spans were measured, but not kept, because there were more than 64. */
  readonly droppedSpans: number;
}

/**
 * The times of one exchange, in milliseconds from its first hook, on the monotonic clock. Each is
 * `undefined` until it is known, and all that will ever be known are known in `onSettled`.
 */
export interface Timing {
  /** When the headers were handed to the connection; never, for an exchange that was aborted before. */
  readonly headersMs: number | undefined;
  /**
   * When the first piece of the body was handed to the connection. Over HTTP/1 only for a body written
   * in pieces: one that is sent whole goes out together with the headers.
   */
  readonly firstByteMs: number | undefined;
  /** When the exchange ended: the last byte delivered, or the connection broken. */
  readonly totalMs: number | undefined;
  /** The spans so far, in the order of their start. */
  readonly spans: readonly Span[];
  /**
   * Starts a span.
   *
   * @param name - a token (RFC 9110, section 5.6.2) of up to 64 characters
   * @throws `TIMING_INVALID_SPAN` when the name is no token, or the description no string.
   * @example
   * ```ts
   * const retrieval = request.timing.span("retrieval", { description: "vector search" });
   * const passages = await search(question);
   * retrieval.end();
   * ```
   */
  span(name: string, options?: SpanOptions): Span;
  /**
   * Measures a function, synchronous or not, in a span of its own, and gives back what it gives. What
   * it throws is thrown on, and the span counts as failed. A promise-like result, such as a query
   * builder's, is awaited once and comes back as a promise.
   *
   * @throws `TIMING_INVALID_SPAN` as `span` does, before the work has begun.
   * @example
   * ```ts
   * const user = await request.timing.measure("db", () => users.find(id));
   * ```
   */
  measure<T>(name: string, work: () => PromiseLike<T>, options?: SpanOptions): Promise<T>;
  measure<T>(name: string, work: () => T, options?: SpanOptions): T;
  /** Gives all of it as data. */
  toJSON(): TimingReport;
}

/** What a route may change, in its `config.timing`. */
export interface TimingRouteOptions {
  /** Whether this route's responses carry `Server-Timing`. @defaultValue as registered */
  readonly serverTiming?: boolean;
  /** Whether `Server-Timing` tells this route's spans. @defaultValue as registered */
  readonly detail?: boolean;
  /** Whether this route's streams end in a `Server-Timing` trailer. @defaultValue as registered */
  readonly trailer?: boolean;
}

declare module "fastify" {
  interface FastifyRequest {
    /** The times of this exchange, by `@enfilade/timing`. */
    readonly timing: Timing;
  }

  interface FastifyContextConfig {
    /** What this route's responses tell of their times; `false` for nothing at all. */
    timing?: false | TimingRouteOptions;
  }
}
