import { pipeline, Readable } from "node:stream";
import type { ReadableStream } from "node:stream/web";
import { CODECS, type Coding, type Encoder, type StreamKind } from "./codings.ts";

/** What Fastify takes for a stream. */
export type StreamBody = Readable | ReadableStream;

/** Tells whether a payload is a stream of Node's or of the web's. */
export function isStream(payload: unknown): payload is StreamBody {
  if (typeof payload !== "object" || payload === null) return false;
  return "pipe" in payload || "getReader" in payload;
}

/**
 * Encodes a stream. Whichever end goes first, the other one goes with it: a client that leaves closes what was being
 * read, and its memory with it; a source that fails fails the response.
 *
 * What the source has given is never held back while it gives no more: the encoder is flushed once the event loop has
 * come round without further bytes, or, for events, with every write.
 */
export function encodeStream(
  body: StreamBody,
  coding: Coding,
  level: number,
  kind: StreamKind,
): Readable {
  const codec = CODECS.get(coding);
  if (codec === undefined) throw new TypeError(`This Node has no ${coding}.`);
  const encoder = codec.createEncoder(level, kind);
  const source = "getReader" in body ? Readable.fromWeb(body) : body;
  // Fastify listens to what is sent, and answers for its errors and for its abort.
  pipeline(source, encoder, () => {});
  if (kind === "bulk") flushWhenIdle(source, encoder, codec.flush);
  return encoder;
}

function flushWhenIdle(source: Readable, encoder: Encoder, flush: number): void {
  let scheduled = false;
  source.on("data", () => {
    if (scheduled) return;
    scheduled = true;
    setImmediate(() => {
      scheduled = false;
      if (!encoder.writableEnded && !encoder.destroyed) encoder.flush(flush);
    });
  });
}
