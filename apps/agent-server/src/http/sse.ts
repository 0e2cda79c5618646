import { Readable } from "node:stream";
import type { FastifyReply } from "fastify";
import type { RunEvent } from "../store/store.ts";

/** Has no brace: one client looks for balanced braces and ignores the framing. */
const heartbeat = ": keep-alive\n\n";

/**
 * Sends events as an event stream, through Fastify's reply, so that every `onSend` hook sees it.
 *
 * The stream takes the next event only when the socket has taken what came before. A comment goes out after every
 * `heartbeatMs` of silence: clients and proxies give up on a silent stream.
 */
export function sendEvents(
  reply: FastifyReply,
  events: AsyncIterable<RunEvent>,
  heartbeatMs: number,
): FastifyReply {
  return reply
    .header("content-type", "text/event-stream")
    .header("cache-control", "no-cache, no-transform")
    .header("x-accel-buffering", "no")
    .send(Readable.from(encode(events, heartbeatMs), { objectMode: false }));
}

/** Writes events as frames, with heartbeats where they keep silent. */
export async function* encode(
  events: AsyncIterable<RunEvent>,
  heartbeatMs: number,
): AsyncGenerator<string> {
  const iterator = events[Symbol.asyncIterator]();
  try {
    let next = iterator.next();
    // Nothing to tell yet: a comment at once, because headers leave with the first bytes of a body.
    let patienceMs = 0;
    for (;;) {
      const result = await within(next, patienceMs);
      patienceMs = heartbeatMs;
      if (result === undefined) {
        yield heartbeat;
      } else if (result.done) {
        return;
      } else {
        // JSON text has no line break of its own, whatever it quotes.
        yield `event: ${result.value.name}\ndata: ${result.value.data}\n\n`;
        next = iterator.next();
      }
    }
  } finally {
    await iterator.return?.();
  }
}

/** Resolves with the promise's value, or with nothing when that takes longer. */
function within<T>(promise: Promise<T>, ms: number): Promise<T | undefined> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, ms, undefined);
    promise.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}

/**
 * Returns a signal that aborts when the client goes away before it has the whole response.
 *
 * It watches the response, not the request: the request of a POST is over as soon as its body has been read.
 */
export function clientGone(reply: FastifyReply): AbortSignal {
  const controller = new AbortController();
  const onClose = (): void => {
    if (!reply.raw.writableFinished) controller.abort();
  };
  if (reply.raw.destroyed) onClose();
  else reply.raw.once("close", onClose);
  return controller.signal;
}
