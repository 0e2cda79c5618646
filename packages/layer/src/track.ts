import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { beginExchange, type Endings, type Exchange } from "./exchange.ts";
import { discardSentHead } from "./resend.ts";
import { followExchanges, settlingOf } from "./settling.ts";
import type { Done } from "./walk.ts";

/** A hook with a payload that runs inside another one, and ends it. */
export type Continuation = (
  request: FastifyRequest,
  reply: FastifyReply,
  payload: unknown,
  done: Done,
) => void;

/** What an arrangement runs in the very hooks that track a reply: one call of Fastify's instead of two. */
type Continuations = Readonly<Record<"preSerialization" | "onSend", Continuation>>;

/**
 * Adds the hooks that tell an exchange of a reply on its way out. They must come before every other
 * response hook, or a layer that has answered would be walked past. Closing the app then waits for `onSettled`.
 */
export function trackReplies(
  app: FastifyInstance,
  endings: (request: FastifyRequest) => Endings,
  { preSerialization, onSend }: Continuations = { preSerialization: goOn, onSend: goOn },
): void {
  const settling = followExchanges(app);
  // Fastify hands a hook to scopes that were there before it: one that has hooks of its own counts a send once.
  const isNearest = ({ server }: FastifyRequest) => settlingOf(server) === settling;

  app.addHook("preSerialization", (request, reply, payload, done: Done) => {
    if (!isNearest(request)) return done();
    beginExchange(request, reply, endings).sending = true;
    preSerialization(request, reply, payload, done);
  });
  app.addHook("onError", (request, reply, _error, done) => {
    if (isNearest(request)) fail(beginExchange(request, reply, endings), reply);
    done();
  });
  app.addHook("onSend", (request, reply, payload, done: Done) => {
    if (!isNearest(request)) return done();
    announce(beginExchange(request, reply, endings), reply);
    onSend(request, reply, payload, done);
  });
}

function goOn(_request: FastifyRequest, _reply: FastifyReply, _payload: unknown, done: Done): void {
  done();
}

function fail(exchange: Exchange, reply: FastifyReply): void {
  exchange.sending = true;
  // Now, and not when the error is sent: what the error handler sets belongs to the error.
  if (exchange.announced) discardSentHead(reply);
  exchange.announced = false;
}

function announce(exchange: Exchange, reply: FastifyReply): void {
  // The error of an error handler comes without `onError`.
  if (exchange.announced) discardSentHead(reply);
  exchange.sending = true;
  exchange.announced = true;
  exchange.sends += 1;
}
