import createError, { type FastifyErrorConstructor } from "@fastify/error";

/** The constructor of one of this package's coded errors. */
export type LimiterError<Code extends string, Parts extends unknown[]> = FastifyErrorConstructor<
  { code: Code },
  Parts
>;

const INVALID_OPTION: LimiterError<
  "LIMITER_INVALID_OPTION",
  [what: string, option: string, received: string, fix: string]
> = createError("LIMITER_INVALID_OPTION", "%s: the option %s is %s. %s", 500, TypeError);

/** An option of a policy, a store or the limiter is not valid; thrown where it is given. */
export class LIMITER_INVALID_OPTION extends INVALID_OPTION {
  /** The option, for those who know it by another name. */
  readonly option: string;
  /** What to give instead. */
  readonly fix: string;
  constructor(what: string, option: string, received: string, fix: string) {
    super(what, option, received, fix);
    this.option = option;
    this.fix = fix;
  }
}

/** A charge cannot be decided: a bad cost, an empty key, two charges on one counter. */
export const LIMITER_INVALID_CHARGE: LimiterError<
  "LIMITER_INVALID_CHARGE",
  [policy: string, what: string, fix: string]
> = createError("LIMITER_INVALID_CHARGE", "The charge on %s is not valid: %s. %s", 500, TypeError);

/** A reservation was settled twice, or with a policy or a cost that it does not have. */
export const LIMITER_INVALID_SETTLEMENT: LimiterError<
  "LIMITER_INVALID_SETTLEMENT",
  [what: string, fix: string]
> = createError(
  "LIMITER_INVALID_SETTLEMENT",
  "The settlement is not valid: %s. %s",
  500,
  TypeError,
);

/** The memory store was given more different policies than a program can mean. */
export const LIMITER_TOO_MANY_POLICIES: LimiterError<"LIMITER_TOO_MANY_POLICIES", [count: string]> =
  createError(
    "LIMITER_TOO_MANY_POLICIES",
    "%s policies of different names or windows share one memory store; a name is for a policy, not for a caller: put the caller into the key.",
    500,
  );

/** A stored value is not what this version writes: another program writes to the same prefix. */
export const LIMITER_UNREADABLE_REPLY: LimiterError<"LIMITER_UNREADABLE_REPLY", [reply: string]> =
  createError("LIMITER_UNREADABLE_REPLY", "The store answered %s, which is no decision.", 500);
