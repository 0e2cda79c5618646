import type { IncomingMessage, ServerResponse } from "node:http";
import type { FastifyReply, FastifyRequest } from "fastify";
import type { Capture } from "./capture.ts";
import { type Chunk, lengthOf } from "./chunks.ts";

/*
 * What cannot be read off an exchange when it has ended: how many bytes went in and out, by which address,
 * and what went wrong. Bytes are counted where they are handed to the connection, so hijacked replies and
 * raw writers count like all others, and no stream is touched: its backpressure stays what it was.
 */

const kWatch: unique symbol = Symbol.for("enfilade.request-log");

const kClaimed: unique symbol = Symbol.for("enfilade.request-log.claimed");

interface Watched {
  [kWatch]?: Watch;
  [kClaimed]?: true;
}

/** What was seen of one exchange. */
export class Watch {
  /** Taken while the connection is there: a closed one has no address. */
  readonly address: string | undefined;
  bytesReceived = 0;
  bytesSent = 0;
  /** How many pieces were sent. */
  pieces = 0;
  /** The error that was answered, or the stream that was sent, which may have failed. */
  error: unknown;
  source: { readonly errored?: unknown } | undefined;
  /** The start of the response's body, where it is wanted. */
  capture: Capture | undefined;

  readonly push: IncomingMessage["push"];
  readonly write: ServerResponse["write"];
  readonly end: ServerResponse["end"];

  constructor(request: FastifyRequest, { raw }: FastifyReply) {
    const incoming: IncomingMessage & Watched = request.raw;
    const outgoing: ServerResponse & Watched = raw;
    this.address = request.ip;
    this.push = incoming.push;
    this.write = outgoing.write;
    this.end = outgoing.end;
    if (hasBody(incoming)) {
      // A hook before this one may have waited, and pieces may have come.
      this.bytesReceived = incoming.readableLength;
      incoming[kWatch] = this;
      incoming.push = push;
    }
    outgoing[kWatch] = this;
    outgoing.write = write;
    outgoing.end = end;
  }

  sent(chunk: Chunk | null | undefined, encoding: unknown): void {
    if (chunk === null || chunk === undefined) return;
    this.pieces += 1;
    this.bytesSent += lengthOf(chunk, encoding);
    this.capture?.take(chunk, encoding);
  }
}

/** Begins to watch an exchange, unless a layer of this kind further out has begun. */
export function watch(request: FastifyRequest & Watched, reply: FastifyReply): void {
  request[kWatch] ??= new Watch(request, reply);
}

/** Gives what was seen of an exchange; `undefined` where nobody watched it. */
export function watchOf(request: FastifyRequest & Watched): Watch | undefined {
  return request[kWatch];
}

/**
 * Takes an exchange for one registration: where a scope and an ancestor of it both have one, the inner one
 * decides, and there is one line. Gives false to whoever comes later.
 */
export function claim(request: FastifyRequest & Watched): boolean {
  if (request[kClaimed]) return false;
  request[kClaimed] = true;
  return true;
}

/** Of requests without a body nothing has to be counted. */
function hasBody({ headers, httpVersionMajor, method }: IncomingMessage): boolean {
  const length = headers["content-length"];
  if (length !== undefined) return length !== "0";
  if (headers["transfer-encoding"] !== undefined) return true;
  return httpVersionMajor === 2 && method !== "GET" && method !== "HEAD";
}

// One function for all exchanges, found by the message's own watch: no closure for each of them.

function push(
  this: IncomingMessage & Watched,
  chunk: Chunk | null,
  encoding?: BufferEncoding,
): boolean {
  const seen = watched(this);
  if (chunk !== null) seen.bytesReceived += lengthOf(chunk, encoding);
  return seen.push.call(this, chunk, encoding);
}

function write(
  this: ServerResponse & Watched,
  chunk: Chunk,
  encoding?: unknown,
  callback?: unknown,
): boolean {
  const seen = watched(this);
  const more = Reflect.apply(seen.write, this, [chunk, encoding, callback]);
  seen.sent(chunk, encoding);
  return more;
}

function end(
  this: ServerResponse & Watched,
  chunk?: Chunk | null | (() => void),
  encoding?: unknown,
  callback?: unknown,
): ServerResponse {
  const seen = watched(this);
  const { pieces } = seen;
  const result = Reflect.apply(seen.end, this, [chunk, encoding, callback]);
  // Over HTTP/2, and with `inject`, a last piece goes through `write`, and has been counted there.
  if (seen.pieces === pieces && typeof chunk !== "function") seen.sent(chunk, encoding);
  return result;
}

function watched(message: Watched): Watch {
  const seen = message[kWatch];
  if (seen === undefined) throw new TypeError("a message was written that nobody watches");
  return seen;
}
