import type { IncomingMessage, ServerResponse } from "node:http";
import type { FastifyReply, FastifyRequest } from "fastify";
import type { Outcome } from "./types.ts";

/** HTTP/2 error codes that a server's own failure leaves on a stream (RFC 9113, section 7). */
const NO_ERROR = 0;
const INTERNAL_ERROR = 2;

/** The part of an HTTP/2 response that tells how its stream ended. */
interface Http2Side {
  readonly stream?: { readonly rstCode?: number };
}

/**
 * Reads from a closed response how the exchange ended. Only the response side tells: a request whose
 * body was read in full looks destroyed in the same way whoever closed the connection.
 */
export function readOutcome(request: FastifyRequest, reply: FastifyReply): Outcome {
  const raw: ServerResponse & Http2Side = reply.raw;
  const { socket } = request.raw;
  const reset = raw.stream?.rstCode;

  if (reset === undefined) {
    // `inject` closes a response that has ended before it calls it finished, over a socket that is not one.
    if (raw.writableFinished || (raw.writableEnded && socket?.destroyed !== true)) {
      return "completed";
    }
    if (isUpgraded(request, reply)) return socket.errored ? "aborted" : "completed";
    // A connection that the client ended, or lost. One that the server gave up has no mark, or its own error.
    const left = socket?.readableEnded || (socket?.errored && socket.errored !== raw.errored);
    return left ? "aborted" : "errored";
  }
  if (raw.writableEnded && reset === NO_ERROR) return "completed";
  return reset === NO_ERROR || reset === INTERNAL_ERROR || raw.errored ? "errored" : "aborted";
}

/** Tells whether the connection went over to another protocol: no HTTP response was written. */
function isUpgraded(request: FastifyRequest, reply: FastifyReply): boolean {
  // Node's own mark: a client may ask for a protocol that this server does not speak.
  const raw: IncomingMessage & { readonly upgrade?: unknown } = request.raw;
  return raw.upgrade === true && reply.sent && !reply.raw.headersSent;
}
