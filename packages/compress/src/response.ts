import type { FastifyReply, FastifyRequest } from "fastify";
import type { Coding, StreamKind } from "./codings.ts";
import { isEventStream } from "./content-types.ts";
import type { Settings } from "./options.ts";

const NO_TRANSFORM = /(?:^|[\s,])no-transform(?:$|[\s,])/i;

/** What is said of the bytes as they are would not be true of them encoded (RFC 9530, and its forerunners). */
const DIGESTS = ["content-digest", "repr-digest", "digest", "content-md5"];

/** Whether a body may be encoded, and as what, as far as its status and headers tell. */
export type Verdict = "never" | StreamKind;

/**
 * Judges a response by its status and headers. Where the client refuses a body as it is, every type will do.
 */
export function judge(reply: FastifyReply, settings: Settings, plainRefused: boolean): Verdict {
  const { statusCode } = reply;
  // No body, or a part of one: its offsets are those of the body as it is.
  if (statusCode < 200 || statusCode === 204 || statusCode === 205 || statusCode === 206)
    return "never";
  if (isEncoded(reply) || reply.hasHeader("content-range")) return "never";
  if (forbidsTransform(reply.getHeader("cache-control"))) return "never";
  if (DIGESTS.some((name) => reply.hasHeader(name))) return "never";
  const contentType = reply.getHeader("content-type");
  // What it is, only the sender knows; a guess would cost the most where it is packed already.
  if (typeof contentType !== "string") return plainRefused ? "bulk" : "never";
  if (isEventStream(contentType)) return settings.eventStreams || plainRefused ? "events" : "never";
  return plainRefused || settings.isCompressible(contentType) ? "bulk" : "never";
}

function isEncoded(reply: FastifyReply): boolean {
  const encoding = reply.getHeader("content-encoding");
  return encoding !== undefined && encoding !== "" && encoding !== "identity";
}

/** Tells whether a Cache-Control, of a response or of a request, has `no-transform` (RFC 9111, sections 5.2.1.6 and 5.2.2.6). */
export function forbidsTransform(cacheControl: unknown): boolean {
  return (
    cacheControl !== undefined &&
    NO_TRANSFORM.test(Array.isArray(cacheControl) ? cacheControl.join(", ") : String(cacheControl))
  );
}

/** Says that the answer depends on Accept-Encoding, whichever of them this one is. */
export function vary(reply: FastifyReply): void {
  const list = reply.getHeader("vary");
  if (list === undefined || list === "") {
    reply.header("vary", "Accept-Encoding");
    return;
  }
  const text = Array.isArray(list) ? list.join(", ") : String(list);
  const names = text.toLowerCase().split(",");
  if (names.some((name) => name.trim() === "*" || name.trim() === "accept-encoding")) return;
  reply.header("vary", `${text}, Accept-Encoding`);
}

/** Describes the body as it is encoded. */
export function describe(reply: FastifyReply, coding: Coding): void {
  reply.header("content-encoding", coding);
  // The length of the body as it was. Fastify finds out a buffer's.
  reply.removeHeader("content-length");
  // A part of the encoded body could not be made out of a part of the other.
  reply.removeHeader("accept-ranges");
  weaken(reply);
}

/** Bytes that differ must not share a strong validator (RFC 9110, section 8.8.3.3). */
function weaken(reply: FastifyReply): void {
  const etag = reply.getHeader("etag");
  if (typeof etag === "string" && etag.startsWith('"')) reply.header("etag", `W/${etag}`);
}

/**
 * Makes 304 say what the 200 would have said, so that a cache finds the response that it is about: of the ETag, the
 * form that the client knows.
 */
export function describeNotModified(request: FastifyRequest, reply: FastifyReply): void {
  vary(reply);
  const etag = reply.getHeader("etag");
  const known = request.headers["if-none-match"];
  if (typeof etag === "string" && known?.includes(`W/${etag}`)) weaken(reply);
}
