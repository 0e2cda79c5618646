import type { FastifyReply, FastifyRequest } from "fastify";
import type { Bodies, BodyText } from "./bodies.ts";
import { Capture } from "./capture.ts";
import { decodeStart, isDecodable } from "./decode.ts";

/** Keeps the starts of response bodies that are to be logged. */
export interface Captures {
  /** Begins one when the headers are known; `undefined` for a body that will not be logged. */
  begin(request: FastifyRequest, reply: FastifyReply): Capture | undefined;
  read(capture: Capture): BodyText | undefined;
  /** Reads one that is in a content coding. */
  decode(capture: Capture): Promise<BodyText | undefined>;
}

/** Creates {@link Captures}. */
export function createCaptures(bodies: Bodies, maxBytes: number): Captures {
  return {
    begin({ method }, reply) {
      if (method === "HEAD") return undefined;
      const contentType = headerOf(reply, "content-type");
      const encoding = codingOf(headerOf(reply, "content-encoding"));
      if (!bodies.isListed(contentType)) return undefined;
      if (encoding !== undefined && !isDecodable(encoding)) return undefined;
      return new Capture(maxBytes, contentType, encoding);
    },
    read: (capture) => bodies.ofBytes(capture.start(), capture.contentType),
    async decode(capture) {
      const { encoding = "identity", contentType } = capture;
      const start = await decodeStart(capture.start(), encoding, maxBytes);
      return bodies.ofBytes(start, contentType);
    },
  };
}

/** What a raw writer has set goes out; else it is the reply's. */
function headerOf(reply: FastifyReply, name: string): unknown {
  return reply.raw.getHeader(name) ?? reply.getHeader(name);
}

function codingOf(header: unknown): string | undefined {
  const coding = header === undefined ? "identity" : String(header).trim().toLowerCase();
  return coding === "identity" || coding === "" ? undefined : coding;
}
