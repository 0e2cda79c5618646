import type { ServerResponse } from "node:http";
import { performance } from "node:perf_hooks";
import type { FastifyReply, FastifyRequest } from "fastify";
import { writeLayeredHead } from "./headers.ts";
import { readOutcome } from "./outcome.ts";
import { onClosedInQueue } from "./queued.ts";
import { settle } from "./settle.ts";
import { type Settling, settlingOf } from "./settling.ts";
import type { Outcome, Step } from "./types.ts";

/** The steps that an exchange runs by itself, outside Fastify's hooks; in the order of their running. */
export interface Endings {
  readonly onHeaders: readonly Step[];
  readonly onSettled: readonly Step[];
  /** Whether there is any of them. */
  readonly asked: boolean;
}

/** Every bit of an exchange's `entered`. */
export const EVERY_PHASE: number = ~0;

const kExchange: unique symbol = Symbol.for("enfilade.exchange");

/** `ServerResponse.writeHead`, with the arguments of all its forms. */
type WriteHead = (
  this: ServerResponse,
  status: unknown,
  second?: unknown,
  third?: unknown,
) => ServerResponse;

interface Tracked {
  [kExchange]?: Exchange;
}

/**
 * One request and its response, from the first hook to the close of the response. It knows what
 * Fastify's hooks cannot tell: that a reply is on its way, when the headers and the first byte went out,
 * and how it all ended. Times are in milliseconds on the clock of `performance.now()`.
 */
export class Exchange {
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
  readonly raw: ServerResponse;
  /** When the first hook ran; where no layer has `onHeaders` or `onSettled`, when it was first asked for. */
  startedAt!: number;
  /** When the headers were handed to the connection, if somebody had asked by then. */
  headersAt: number | undefined = undefined;
  /** When the first byte of a body that is written in pieces went out, if somebody had asked by then. */
  firstByteAt: number | undefined = undefined;
  /** When the response was closed, whoever closed it. */
  settledAt: number | undefined = undefined;
  /** How it ended; `undefined` until then. */
  outcome: Outcome | undefined = undefined;
  /** True once a reply, or an error, is on its way out, somebody took the connection, or it was closed. */
  sending = false;
  /** How many times a payload was handed to `onSend`: twice when the first one failed before its headers. */
  sends = 0;
  /** True from `onSend` on, until the payload has failed: the head, when it comes, is that of Fastify's own reply. */
  announced = false;
  /** True once the head was handed to the connection. */
  headed = false;
  /** The inbound phases that have begun, as bits, for an arrangement to run each of them once. */
  entered = 0;
  /** True while a layer has the request on its way in, and no hook of a user's own. */
  walking = false;
  /** What an arrangement runs when the headers go out and when the exchange has ended. */
  readonly endings: Endings;
  /** What waits for the end of this exchange; `undefined` where nothing is left to do then. */
  settling: Settling | undefined = undefined;
  /** Whether it looks at the clock, and hears of the close of the response, and so of its own end. */
  followed = false;
  /** The `writeHead` that the response had before the exchange took its place. */
  readonly writeHead: WriteHead;
  /** The `write` that the response had before it was followed. */
  write: ServerResponse["write"] | undefined = undefined;

  constructor(request: FastifyRequest, reply: FastifyReply, endings: Endings) {
    const raw: ServerResponse & Tracked = reply.raw;
    this.request = request;
    this.reply = reply;
    this.raw = raw;
    this.endings = endings;
    this.writeHead = raw.writeHead as WriteHead;
    raw[kExchange] = this;
    raw.writeHead = writeHead;
  }

  /**
   * True once nothing further in may run: a reply is on its way, somebody took the connection, or it is
   * all over. Whoever began work for a client that has gone would never hear of its end.
   */
  get answered(): boolean {
    // Compared, because any other value of JavaScript could be truthy: every step of the way in comes by here.
    return this.sending === true || this.raw.destroyed === true;
  }
}

/** Begins the exchange of a request, or gives the one that has begun. */
export function beginExchange(
  request: FastifyRequest & Tracked,
  reply: FastifyReply,
  endings: (request: FastifyRequest) => Endings,
): Exchange {
  const begun = request[kExchange];
  if (begun !== undefined) return begun;
  const exchange = new Exchange(request, reply, endings(request));
  request[kExchange] = exchange;
  if (mustFollow(exchange)) follow(exchange);
  return exchange;
}

/** Tells whether a layer asks for the ending of an exchange, or its response would not show by itself that it is over. */
function mustFollow({ endings, raw, request }: Exchange): boolean {
  return (
    endings.asked ||
    // One that waits for its turn, and one of HTTP/2.
    raw.socket === null ||
    request.raw.httpVersionMajor === 2
  );
}

/** Gives the exchange of a request, if it has begun, to those who do not ask how it ended. */
export function begunExchange(request: FastifyRequest & Tracked): Exchange | undefined {
  return request[kExchange];
}

/**
 * Gives the exchange that a request belongs to, or `undefined` when no layer of Enfilade has seen it.
 * @example
 * ```ts
 * app.get("/", async (request) => {
 *   const answer = await think();
 *   const hasLeft = exchangeOf(request)?.outcome === "aborted";
 *   return hasLeft ? undefined : answer;
 * });
 * ```
 */
export function exchangeOf(request: FastifyRequest & Tracked): Exchange | undefined {
  const exchange = request[kExchange];
  if (exchange !== undefined) follow(exchange);
  return exchange;
}

/**
 * Makes an exchange look at the clock, and hear of its first byte and of its own end. That is a good part of what
 * an exchange costs, so it comes only where a layer asks for its ending, or somebody has the exchange in hand.
 */
function follow(exchange: Exchange): void {
  if (exchange.followed) return;
  exchange.followed = true;
  exchange.startedAt = performance.now();
  const { raw, request, endings } = exchange;
  if (endings.onSettled.length > 0) {
    exchange.settling = settlingOf(request.server);
    exchange.settling?.begin(exchange);
  }
  if (!raw.headersSent) {
    exchange.write = raw.write;
    raw.write = write;
  }
  raw.on("close", onClose);
  if (raw.socket === null) onClosedInQueue(raw, request.raw.socket, onClose);
  // Whoever asks for the first time when it is all over still learns how it ended.
  if (raw.destroyed) onClose.call(raw);
}

// One function for all responses, found by the response's own exchange: no closure for each request.
function writeHead(
  this: ServerResponse & Tracked,
  status: unknown,
  second?: unknown,
  third?: unknown,
): ServerResponse {
  const exchange = this[kExchange];
  if (exchange === undefined) throw new TypeError("writeHead was called on another response");
  // A head that is written twice, and one that nobody will read, are Node's affair.
  if (exchange.headed || exchange.outcome !== undefined || this.destroyed) {
    return exchange.writeHead.call(this, status, second, third);
  }
  exchange.headed = true;
  if (exchange.followed) exchange.headersAt = performance.now();
  try {
    writeLayeredHead(exchange, this, status, second, third);
  } catch (error) {
    // A header that cannot be sent: nothing went out, Fastify answers with an error next.
    if (!this.headersSent) {
      exchange.headed = false;
      exchange.headersAt = undefined;
    }
    throw error;
  }
  exchange.sending = true;
  return this;
}

// In place before the headers, and for good: without a call of `writeHead` they go out inside the first
// write, too late to take its place; and whoever wraps this function may rely on its staying there.
function write(this: ServerResponse & Tracked, ...args: unknown[]): boolean {
  const exchange = this[kExchange];
  if (exchange?.write === undefined) throw new TypeError("write was called on another response");
  const more = Reflect.apply(exchange.write, this, args);
  exchange.firstByteAt ??= performance.now();
  return more;
}

function onClose(this: ServerResponse & Tracked): void {
  const exchange = this[kExchange];
  if (exchange === undefined || exchange.outcome !== undefined) return;
  exchange.settledAt = performance.now();
  exchange.sending = true;
  exchange.outcome = readOutcome(exchange.request, exchange.reply);
  const rest = settle(exchange, exchange.outcome);
  exchange.settling?.end(exchange, rest);
}
