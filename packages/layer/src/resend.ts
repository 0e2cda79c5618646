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
  for (const name of REPRESENTATION) reply.removeHeader(name);
  const { raw } = reply;
  if (raw.headersSent) return;
  // Fastify copies the headers of a stream to the response early; what still holds is on the reply.
  for (const name of raw.getHeaderNames()) {
    if (reply.hasHeader(name) || (REPRESENTATION as readonly string[]).includes(name)) {
      raw.removeHeader(name);
    }
  }
}
