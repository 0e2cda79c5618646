import type { FastifyReply, FastifyRequest } from "fastify";
import { CODECS, type Coding } from "./codings.ts";
import type { Settings } from "./options.ts";
import { describe, describeNotModified, forbidsTransform, judge, vary } from "./response.ts";
import { encodeStream, isStream } from "./stream.ts";
import { isWebResponse, unwrap } from "./web-response.ts";

/**
 * Encodes a payload, if it may be and the client wants it; gives `undefined` to keep it. It may be called twice for
 * one reply, when the first payload has failed before its headers.
 */
export function encode(
  request: FastifyRequest,
  reply: FastifyReply,
  payload: unknown,
  settings: Settings,
): unknown {
  const acceptEncoding = request.headers["accept-encoding"];
  const { coding: preferred, plainRefused } = settings.negotiate(acceptEncoding);
  if (isWebResponse(payload)) {
    const body = unwrap(reply, payload);
    return body === undefined ? undefined : (encode(request, reply, body, settings) ?? body);
  }
  if (reply.statusCode === 304) {
    describeNotModified(request, reply);
    return undefined;
  }
  // The way of most answers of an API: nothing else is looked at.
  if (isBytes(payload) && isBelow(payload, settings.minBytes) && !plainRefused) return undefined;
  const isHead = request.method === "HEAD";
  if (!isHead && !isBytes(payload) && !isStream(payload)) return undefined;
  const length = lengthOf(reply, payload);
  if (length === 0 || (length < settings.minBytes && !plainRefused)) return undefined;
  const verdict = judge(reply, settings, plainRefused);
  if (verdict === "never") return undefined;
  vary(reply);
  // The next client may not ask so: what this one gets depends on Accept-Encoding all the same.
  if (forbidsTransform(request.headers["cache-control"])) return undefined;
  const coding = verdict === "events" ? settings.negotiateEvents(acceptEncoding).coding : preferred;
  if (coding === undefined) return undefined;
  describe(reply, coding);
  if (isHead) {
    lengthless.add(reply);
    return undefined;
  }
  const level = settings.levels[coding];
  return isStream(payload)
    ? encodeStream(payload, coding, level, verdict)
    : encodeBytes(payload as string | Buffer, coding, level, settings.maxSyncBytes);
}

function isBytes(payload: unknown): payload is string | Buffer {
  return typeof payload === "string" || Buffer.isBuffer(payload);
}

/** A character of a string is three bytes at most in UTF-8, and one at least: the bytes need seldom be counted. */
function isBelow(payload: string | Buffer, bytes: number): boolean {
  if (typeof payload !== "string") return payload.length < bytes;
  if (payload.length >= bytes) return false;
  return payload.length * 3 < bytes || Buffer.byteLength(payload) < bytes;
}

/** The length of a body as it is; without end where nobody knows it, or where it has been compared already. */
function lengthOf(reply: FastifyReply, payload: unknown): number {
  if (isBytes(payload)) return payload.length === 0 ? 0 : Number.POSITIVE_INFINITY;
  const told = Number(reply.getHeader("content-length") ?? Number.NaN);
  return Number.isNaN(told) ? Number.POSITIVE_INFINITY : told;
}

function encodeBytes(
  payload: string | Buffer,
  coding: Coding,
  level: number,
  maxSyncBytes: number,
): unknown {
  const body = typeof payload === "string" ? Buffer.from(payload) : payload;
  const codec = CODECS.get(coding);
  return body.length <= maxSyncBytes ? codec?.encodeSync(body, level) : codec?.encode(body, level);
}

/** Replies to HEAD for a body that would have been encoded: how long it would be, nobody has found out. */
const lengthless = new WeakSet<FastifyReply>();

/** Tells whether the Content-Length of a reply, which Fastify counts for HEAD, is that of another body. */
export function isLengthless(reply: FastifyReply): boolean {
  return lengthless.has(reply);
}
