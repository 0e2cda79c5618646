import type { FastifyReply, FastifyRequest, RequestPayload } from "fastify";
import { canonical } from "./accept.ts";
import { CODECS, type Coding } from "./codings.ts";
import { DecodedBody } from "./decode.ts";
import { COMPRESS_UNSUPPORTED_CODING } from "./errors.ts";
import type { RequestSettings } from "./options.ts";

/**
 * Gives the body of a request as it was before it was encoded; `undefined` where it is as it was.
 *
 * @throws `COMPRESS_UNSUPPORTED_CODING` for a coding that is not taken, and for more than one: each layer of them
 * multiplies what a bomb can become.
 */
export function decode(
  request: FastifyRequest,
  reply: FastifyReply,
  payload: RequestPayload,
  { codings, maxBytes, maxRatio }: RequestSettings,
): RequestPayload | undefined {
  const { headers } = request;
  const named = (headers["content-encoding"] ?? "")
    .split(",")
    .map((name) => canonical(name.trim()))
    .filter((name) => name !== "" && name !== "identity");
  if (named.length === 0 || !hasBody(request)) return undefined;
  const [coding] = named as Coding[];
  const codec = coding && codings.includes(coding) ? CODECS.get(coding) : undefined;
  if (named.length > 1 || coding === undefined || codec === undefined) {
    // RFC 9110, section 15.5.16: what would have been taken.
    reply.header("accept-encoding", [...codings, "identity"].join(", "));
    throw new COMPRESS_UNSUPPORTED_CODING();
  }
  return new DecodedBody(payload, codec, {
    maxBytes: maxBytes ?? request.routeOptions.bodyLimit ?? Number.POSITIVE_INFINITY,
    maxRatio: maxRatio[coding],
  });
}

/** Fastify reads no body of these; of the others, what has none is never read from. */
function hasBody({ method, headers }: FastifyRequest): boolean {
  return method !== "GET" && method !== "HEAD" && headers["content-length"] !== "0";
}
