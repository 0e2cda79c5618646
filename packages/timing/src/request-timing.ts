import { describeValue, type Exchange, exchangeOf, isThenable } from "@enfilade/layer";
import type { FastifyRequest } from "fastify";
import { TIMING_INVALID_SPAN } from "./errors.ts";
import { isMetricName, type Metric } from "./server-timing.ts";
import type { Span, SpanOptions, SpanReport, Timing, TimingReport } from "./types.ts";

/** A handler that opens spans in a loop must not make the exchange grow without end. */
const MAX_SPANS = 64;

/** The times of one exchange. They are read from the exchange when asked for, so that nobody pays for them unasked. */
export class RequestTiming implements Timing {
  readonly #request: FastifyRequest;
  readonly #spans: MeasuredSpan[] = [];
  #droppedSpans = 0;

  constructor(request: FastifyRequest) {
    this.#request = request;
  }

  get headersMs(): number | undefined {
    return this.#since((exchange) => exchange.headersAt);
  }

  get firstByteMs(): number | undefined {
    return this.#since((exchange) => exchange.firstByteAt);
  }

  get totalMs(): number | undefined {
    return this.#since((exchange) => exchange.settledAt);
  }

  get spans(): readonly MeasuredSpan[] {
    return this.#spans;
  }

  span(name: string, { description }: SpanOptions = {}): MeasuredSpan {
    assertSpan(name, description);
    const span = new MeasuredSpan(this.#request, name, description);
    if (this.#spans.length < MAX_SPANS) this.#spans.push(span);
    else this.#droppedSpans += 1;
    return span;
  }

  measure<T>(name: string, work: () => PromiseLike<T>, options?: SpanOptions): Promise<T>;
  measure<T>(name: string, work: () => T, options?: SpanOptions): T;
  measure(name: string, work: () => unknown, options?: SpanOptions): unknown {
    const span = this.span(name, options);
    let result: unknown;
    try {
      result = work();
    } catch (error) {
      span.fail();
      throw error;
    }
    if (!isThenable(result)) {
      span.end();
      return result;
    }
    // One call of `then`, and the result of that one goes on: a query builder runs its query in each.
    return Promise.resolve(result).then(
      (value) => {
        span.end();
        return value;
      },
      (error: unknown) => {
        span.fail();
        throw error;
      },
    );
  }

  /** Gives the spans that ended after a moment of the monotonic clock, as metrics. */
  endedAfter(moment: number): Metric[] {
    const metrics: Metric[] = [];
    for (const { name, description, durationMs, endedAt } of this.#spans) {
      if (durationMs === undefined || endedAt === undefined || endedAt <= moment) continue;
      metrics.push({ name, description, durationMs });
    }
    return metrics;
  }

  toJSON(): TimingReport {
    return {
      outcome: exchangeOf(this.#request)?.outcome,
      headersMs: this.headersMs,
      firstByteMs: this.firstByteMs,
      totalMs: this.totalMs,
      spans: this.#spans.map((span) => span.toJSON()),
      droppedSpans: this.#droppedSpans,
    };
  }

  #since(pick: (exchange: Exchange) => number | undefined): number | undefined {
    const exchange = exchangeOf(this.#request);
    const at = exchange === undefined ? undefined : pick(exchange);
    return exchange === undefined || at === undefined ? undefined : at - exchange.startedAt;
  }
}

/** One span; its times are absolute until somebody asks, because it may be older than the exchange. */
class MeasuredSpan implements Span {
  readonly name: string;
  readonly description: string | undefined;
  readonly #request: FastifyRequest;
  readonly #startedAt = performance.now();
  #endedAt: number | undefined;
  #failed = false;

  constructor(request: FastifyRequest, name: string, description: string | undefined) {
    this.#request = request;
    this.name = name;
    this.description = description;
  }

  get startMs(): number {
    return this.#startedAt - (exchangeOf(this.#request)?.startedAt ?? this.#startedAt);
  }

  get durationMs(): number | undefined {
    return this.#endedAt === undefined ? undefined : this.#endedAt - this.#startedAt;
  }

  get endedAt(): number | undefined {
    return this.#endedAt;
  }

  get failed(): boolean {
    return this.#failed;
  }

  end(): number {
    this.#endedAt ??= performance.now();
    return this.#endedAt - this.#startedAt;
  }

  fail(): void {
    this.end();
    this.#failed = true;
  }

  toJSON(): SpanReport {
    const { name, description, startMs, durationMs, failed } = this;
    return { name, description, startMs, durationMs, failed };
  }
}

function assertSpan(name: unknown, description: unknown): void {
  if (!isMetricName(name)) {
    throw new TIMING_INVALID_SPAN(
      "name",
      describeValue(name),
      "Give a token of 1 to 64 letters, digits and -_.~!#$%&'*+^`|; other words go into its description.",
    );
  }
  if (description !== undefined && typeof description !== "string") {
    throw new TIMING_INVALID_SPAN("description", typeof description, "Give a string, or none.");
  }
}

const kTiming: unique symbol = Symbol.for("enfilade.timing");

/** Gives the timing of a request, made when it is first asked for. */
export function timingOf(request: FastifyRequest & { [kTiming]?: RequestTiming }): RequestTiming {
  request[kTiming] ??= new RequestTiming(request);
  return request[kTiming];
}
