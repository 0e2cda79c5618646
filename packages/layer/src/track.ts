import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { beginExchange, type Endings, type Exchange } from "./exchange.ts";
import { discardSentHead } from "./resend.ts";

/**
 * Adds the hooks that tell an exchange of a reply on its way out. They must come before every other
 * response hook, or a layer that has answered would be walked past.
 */
export function trackReplies(
  app: FastifyInstance,
  endings: (request: FastifyRequest) => Endings,
): void {
  app.addHook("preSerialization", (request, reply, _payload, done) => {
    beginExchange(request, reply, endings).sending = true;
    done();
  });
  app.addHook("onError", (request, reply, _error, done) => {
    beginExchange(request, reply, endings).sending = true;
    done();
  });
  app.addHook("onSend", (request, reply, _payload, done) => {
    announceSend(beginExchange(request, reply, endings), reply);
    done();
  });
}

/** Marks a send; a second one answers for a payload that failed before its headers had gone out. */
function announceSend(exchange: Exchange, reply: FastifyReply): void {
  exchange.sending = true;
  exchange.sends += 1;
  if (exchange.sends > 1) discardSentHead(reply);
}
