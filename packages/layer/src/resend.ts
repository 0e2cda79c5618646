import type { FastifyReply } from "fastify";

/** The fields that describe one representation (RFC 9110, section 8; RFC 9530 for the digests). */
const REPRESENTATION = [
  "content-encoding",
  "content-language",
  "content-location",
  "content-range",
  "content-disposition",
  "content-digest",
  "repr-digest",
  "accept-ranges",
  "etag",
  "last-modified",
] as const;

/**
 * Takes back what described a payload that was never sent. A stream that fails before its headers is
 * followed by an error through the same `onSend` hooks: without this, the error would go out as the
 * gzip, the range or the ETag of the file that could not be read.
 */
export function discardSentHead(reply: FastifyReply): void {
  const { raw } = reply;
  if (raw.headersSent) return;
  for (const name of REPRESENTATION) reply.removeHeader(name);
  // Fastify has forgotten these, but for a stream it had copied them to the response already.
  raw.removeHeader("content-type");
  raw.removeHeader("content-length");
}
