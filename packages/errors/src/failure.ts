import type { FastifyReply } from "fastify";

/*
 * Which error handler has answered? Fastify ends every chain of them with its own, which hands the error to
 * `reply.send`, as a handler of the user's does that passes an error on. Whoever answers for an error sends
 * something else. So the last thing that was sent tells: an error, or the very thing that was thrown, is
 * Fastify's to answer, and its answer is replaced.
 */

const kFailure: unique symbol = Symbol("enfilade.errors.failure");
const NOTHING = Symbol("nothing sent");

/** An error on its way out through a reply. */
export interface Failure {
  readonly thrown: unknown;
  /** The headers before error handlers copied those of the error over them. */
  readonly headers: Readonly<Record<string, unknown>>;
  /** The last thing that an error handler sent. */
  sent: unknown;
  /** The body that went out instead of Fastify's; nothing that Fastify sends is equal to it before. */
  body: unknown;
  /** Set once Fastify will write a body past every hook. */
  lastResort: { readonly length: number } | undefined;
}

interface Failing {
  [kFailure]?: Failure;
}

/** Gives the failure of a reply. */
export function failureOf(reply: FastifyReply & Failing): Failure | undefined {
  return reply[kFailure];
}

/** Begins to watch what the error handlers of a reply send. */
export function watchFailure(reply: FastifyReply & Failing, thrown: unknown): void {
  const failure: Failure = {
    thrown,
    headers: reply.getHeaders(),
    sent: NOTHING,
    body: NOTHING,
    lastResort: undefined,
  };
  reply[kFailure] = failure;
  const { send } = reply;
  reply.send = function watchedSend(this: FastifyReply, payload?: unknown) {
    failure.sent = payload;
    return send.call(this, payload);
  };
}

/** Tells whether an error handler has run. */
export function isAnswered({ sent }: Failure): boolean {
  return sent !== NOTHING;
}

/** Tells whether the answer is Fastify's own: every handler of the user's has passed the error on. */
export function isPassedOn({ sent, thrown }: Failure): boolean {
  return sent instanceof Error || sent === thrown;
}
