import createError, { type FastifyErrorConstructor } from "@fastify/error";
import type { Fate } from "./fate.ts";

type CodedError<Code extends string, Parts extends unknown[]> = FastifyErrorConstructor<
  { code: Code },
  Parts
>;

/** An option is not valid; thrown where it is given. */
export const REDIS_INVALID_OPTION: CodedError<
  "REDIS_INVALID_OPTION",
  [what: string, option: string, received: string, fix: string]
> = createError("REDIS_INVALID_OPTION", "%s: the option %s is %s. %s", 500, TypeError);

/** A client that was handed in would queue or repeat commands behind the caller's back. */
export const REDIS_UNSAFE_CLIENT: CodedError<
  "REDIS_UNSAFE_CLIENT",
  [option: string, received: string, fix: string]
> = createError(
  "REDIS_UNSAFE_CLIENT",
  "The client's option %s is %s, and so a command may run late, or twice. %s",
  500,
  TypeError,
);

const UNAVAILABLE: CodedError<"REDIS_UNAVAILABLE", [node: string, why: string]> = createError(
  "REDIS_UNAVAILABLE",
  "Redis (%s) is not asked: %s.",
  503,
);
const TIMEOUT: CodedError<"REDIS_TIMEOUT", [node: string, ms: string]> = createError(
  "REDIS_TIMEOUT",
  "Redis (%s) has not answered within %s ms.",
  503,
);
const CONNECTION_LOST: CodedError<"REDIS_CONNECTION_LOST", [node: string, why: string]> =
  createError(
    "REDIS_CONNECTION_LOST",
    "The connection to Redis (%s) broke before the answer: %s.",
    503,
  );
const REFUSED: CodedError<"REDIS_REFUSED", [node: string, reply: string]> = createError(
  "REDIS_REFUSED",
  "Redis (%s) refused the command: %s",
  503,
);
const UNREADABLE_REPLY: CodedError<"REDIS_UNREADABLE_REPLY", [script: string]> = createError(
  "REDIS_UNREADABLE_REPLY",
  "The script %s has answered what it never answers.",
  500,
);

/** What every error of a command carries: what has become of the command. */
interface WithFate {
  /** Resolves when it is known; never rejects. Already resolved for all codes but `REDIS_TIMEOUT`. */
  readonly fate: Promise<Fate<unknown>>;
}

/** The command was not sent: no connection, an open breaker, too many commands in flight. */
export class RedisUnavailable extends UNAVAILABLE implements WithFate {
  readonly fate: Promise<Fate<never>> = Promise.resolve({ ran: "no" });
}

/** No answer within the deadline. A script that has not run by then never will. */
export class RedisTimeout extends TIMEOUT implements WithFate {
  readonly fate: Promise<Fate<unknown>>;
  constructor(node: string, ms: string, fate: Promise<Fate<unknown>>) {
    super(node, ms);
    this.fate = fate;
  }
}

/** The connection broke between command and answer: it may have run or not. */
export class RedisConnectionLost extends CONNECTION_LOST implements WithFate {
  readonly fate: Promise<Fate<never>> = Promise.resolve({ ran: "unknown" });
}

/** The server answered that it does not do it: `OOM`, `READONLY`, `LOADING`, `CLUSTERDOWN` … */
export class RedisRefused extends REFUSED implements WithFate {
  readonly fate: Promise<Fate<never>> = Promise.resolve({ ran: "no" });
  /** The first word of the reply, such as `OOM`. */
  readonly reply: string;
  constructor(node: string, message: string) {
    super(node, message);
    this.reply = message.split(" ", 1)[0] ?? "";
  }
}

/** A script's answer could not be read: it ran, and nobody knows what it did. */
export class RedisUnreadableReply extends UNREADABLE_REPLY implements WithFate {
  readonly fate: Promise<Fate<never>> = Promise.resolve({ ran: "unknown" });
}

/** Every error that a command rejects with. */
export type RedisError =
  | RedisUnavailable
  | RedisTimeout
  | RedisConnectionLost
  | RedisRefused
  | RedisUnreadableReply;

/** Tells the errors of a guarded connection from all others. */
export function isRedisError(error: unknown): error is RedisError {
  return error instanceof Error && "code" in error && "fate" in error;
}
