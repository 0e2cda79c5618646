import type { ReadableStream } from "node:stream/web";
import type { FastifyReply } from "fastify";

/** Tells whether a payload is a `Response`, of this realm or another; by the mark that Fastify goes by. */
export function isWebResponse(payload: unknown): payload is Response {
  return (
    typeof payload === "object" && Object.prototype.toString.call(payload) === "[object Response]"
  );
}

/**
 * Brings the status and the headers of a `Response` over to the reply, as Fastify does once all hooks have run, and
 * gives its body, or `null`; `undefined` where it was read already, which Fastify has to refuse.
 */
export function unwrap(reply: FastifyReply, response: Response): ReadableStream | null | undefined {
  if (response.bodyUsed) return undefined;
  reply.code(response.status);
  // Cookies come one by one, and are kept apart.
  for (const [name, value] of response.headers) reply.header(name, value);
  return response.body as ReadableStream | null;
}
