import type { FastifyReply, FastifyRequest } from "fastify";
import { begunExchange, EVERY_PHASE, type Exchange } from "./exchange.ts";
import { discardSentHead } from "./resend.ts";

/*
 * What an exchange is told of a reply on its way out, by the reply itself and by hooks that must come before every
 * other response hook: a layer that has answered would be walked past otherwise.
 */

/** Tells the exchange of a request, if one has begun, that its reply was sent or taken over. */
export function answer(request: FastifyRequest): void {
  const exchange = begunExchange(request);
  if (exchange !== undefined) exchange.sending = true;
}

/**
 * Tells the exchange of a request that the not-found handler takes over. Where a layer has decided so, or an error
 * handler, that is their answer: nothing further in may run, and nothing runs that has not come in yet.
 */
export function lose(request: FastifyRequest): void {
  const exchange = begunExchange(request);
  if (exchange === undefined || !(exchange.walking || exchange.sending)) return;
  exchange.sending = true;
  exchange.entered = EVERY_PHASE;
}

/** Tells an exchange, in `onError`, that an error goes out as the reply. */
export function fail(exchange: Exchange, reply: FastifyReply): void {
  exchange.sending = true;
  // Now, and not when the error is sent: what the error handler sets belongs to the error.
  if (exchange.announced) discardSentHead(reply);
  exchange.announced = false;
}

/** Tells an exchange, in `onSend`, that a payload was handed over. */
export function announce(exchange: Exchange, reply: FastifyReply): void {
  // The error of an error handler comes without `onError`.
  if (exchange.announced) discardSentHead(reply);
  exchange.sending = true;
  exchange.announced = true;
  exchange.sends += 1;
}
