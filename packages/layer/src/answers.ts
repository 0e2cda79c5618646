import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";

const kWatched: unique symbol = Symbol.for("enfilade.watched");

interface Watched {
  [kWatched]?: true;
}

/** The methods with which a reply is answered. */
type Answers = Pick<FastifyReply, "send" | "hijack" | "callNotFound">;

/**
 * Makes the replies of an instance, and of the scopes below it, tell of the moment at which they are sent, taken
 * over or given to the not-found handler: a hook of a user's own may hold a reply up before any of ours hears of it.
 * Decorators stand on the prototype of all these replies, where they cost a request nothing; Fastify's own methods
 * are on the one above.
 */
export function watchReplies(
  app: FastifyInstance & Watched,
  answered: (request: FastifyRequest) => void,
  lost: (request: FastifyRequest) => void,
): void {
  // Here, or further out.
  if (app[kWatched] === true) return;
  app[kWatched] = true;
  let own: Answers | undefined;
  function send(this: FastifyReply, payload?: unknown): FastifyReply {
    answered(this.request);
    own ??= above(this, send);
    return own.send.call(this, payload);
  }
  function hijack(this: FastifyReply): FastifyReply {
    answered(this.request);
    own ??= above(this, send);
    return own.hijack.call(this);
  }
  function callNotFound(this: FastifyReply): ReturnType<Answers["callNotFound"]> {
    lost(this.request);
    own ??= above(this, send);
    return own.callNotFound.call(this);
  }
  app.decorateReply("callNotFound", callNotFound);
  app.decorateReply("send", send);
  app.decorateReply("hijack", hijack);
}

/** Gives the prototype above the one that has this `send`. */
function above(replies: Answers, send: Answers["send"]): Answers {
  const next: Answers = Object.getPrototypeOf(replies);
  return Object.hasOwn(replies, "send") && replies.send === send ? next : above(next, send);
}
