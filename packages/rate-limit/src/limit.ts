import { isThenable } from "@enfilade/layer";
import type { Decision, Limiter } from "@enfilade/limiter";
import { putRateHeaders } from "@enfilade/limiter/http";
import type { FastifyReply, FastifyRequest } from "fastify";
import type { Callers } from "./callers.ts";
import { RATE_LIMIT_INVALID_ANSWER } from "./errors.ts";
import { type Reason, refusal } from "./refuse.ts";
import { LARGEST_COST, type Rules } from "./rules.ts";
import { chargesOf, type Tier } from "./tiers.ts";
import type { KeyGenerator, RateLimitListener } from "./types.ts";

/** What a limit is made of. */
export interface LimitParts {
  readonly rules: Rules;
  readonly callers: Callers;
  readonly keyOf: KeyGenerator;
  /** Before the key of every caller: what is counted apart has another one. Without a blank in it. */
  readonly space: string;
  readonly limiter: Limiter;
  /** Hears that the store has not answered. */
  readonly onDegraded: (request: FastifyRequest) => void;
}

type Checked = undefined | Promise<undefined>;

/**
 * The limit of a registration, or of a route that has its own. What answers at once is not waited for: with
 * a store in memory, and functions that take no time, a request costs no promise.
 */
export class Limit {
  readonly #parts: LimitParts;

  constructor(parts: LimitParts) {
    this.#parts = parts;
  }

  /** Counts a request; throws where it is one too many. */
  check(request: FastifyRequest, reply: FastifyReply): Checked {
    const key = this.#parts.keyOf(request);
    return isThenable(key)
      ? Promise.resolve(key).then((settled) => this.#enter(request, reply, settled))
      : this.#enter(request, reply, key);
  }

  #enter(request: FastifyRequest, reply: FastifyReply, key: string): Checked {
    if (typeof key !== "string" || key === "") {
      throw new RATE_LIMIT_INVALID_ANSWER("by", "Give a string that is not empty.");
    }
    const { isAllowed } = this.#parts.rules;
    if (isAllowed === undefined) return this.#weigh(request, reply, key);
    const allowed = isAllowed(request, key);
    if (!isThenable(allowed)) {
      // Whatever a function gives that is not true is no permission.
      return allowed === true ? undefined : this.#weigh(request, reply, key);
    }
    return Promise.resolve(allowed).then((settled) =>
      settled === true ? undefined : this.#weigh(request, reply, key),
    );
  }

  #weigh(request: FastifyRequest, reply: FastifyReply, key: string): Checked {
    const { tier, cost } = this.#parts.rules;
    const costOf = () => (typeof cost === "function" ? cost(request) : cost);
    const ownTier = typeof tier === "function" ? tier(request, key) : tier;
    if (isThenable(ownTier)) {
      // Inside of a promise: were it to throw out here, nobody would hear if the other one fails, too.
      return Promise.all([ownTier, Promise.resolve().then(costOf)]).then(
        ([settledTier, settledCost]) => this.#decide(request, reply, key, settledTier, settledCost),
      );
    }
    const ownCost = costOf();
    return isThenable(ownCost)
      ? Promise.resolve(ownCost).then((settled) =>
          this.#decide(request, reply, key, ownTier, settled),
        )
      : this.#decide(request, reply, key, ownTier, ownCost);
  }

  #decide(
    request: FastifyRequest,
    reply: FastifyReply,
    key: string,
    tier: Tier,
    cost: number,
  ): Checked {
    if (!Number.isInteger(cost) || cost < 0 || cost > LARGEST_COST) {
      throw new RATE_LIMIT_INVALID_ANSWER("cost", `Give a whole number from 0 to ${LARGEST_COST}.`);
    }
    const decision = this.#parts.limiter.decide(chargesOf(tier, this.#counterOf(key), cost));
    return decision instanceof Promise
      ? decision.then((settled) => this.#answer(request, reply, key, tier, settled))
      : this.#answer(request, reply, key, tier, decision);
  }

  #answer(
    request: FastifyRequest,
    reply: FastifyReply,
    key: string,
    tier: Tier,
    decision: Decision,
  ): Checked {
    const { rules, onDegraded } = this.#parts;
    putRateHeaders(reply, tier.toHeaders(decision.verdicts));
    if (decision.degraded) onDegraded(request);
    if (decision.admitted) {
      if (rules.onExceeding !== undefined) tell(rules.onExceeding, request, key);
      return undefined;
    }
    if (rules.onExceeded !== undefined) tell(rules.onExceeded, request, key);
    if (rules.ban === undefined) return this.#refuse(request, reply, key, decision, "limit");
    if (rules.ban === 0) return this.#refuse(request, reply, key, decision, "ban");
    const charge = { policy: rules.ban, key: `bans ${this.#counterOf(key)}` };
    const counted = this.#parts.limiter.decide([charge]);
    const settle = ({ admitted }: Decision) =>
      this.#refuse(request, reply, key, decision, admitted ? "limit" : "ban");
    return counted instanceof Promise ? counted.then(settle) : settle(counted);
  }

  #refuse(
    request: FastifyRequest,
    reply: FastifyReply,
    key: string,
    decision: Decision,
    reason: Reason,
  ): never {
    const { onBanReach } = this.#parts.rules;
    if (reason === "ban" && onBanReach !== undefined) tell(onBanReach, request, key);
    throw refusal(request, reply, decision, reason);
  }

  #counterOf(key: string): string {
    const { space, callers } = this.#parts;
    return `${space} ${callers.conceal(key)}`;
  }
}

/** Tells a listener. Who only listens fails no request, at once or later. */
function tell(listener: RateLimitListener, request: FastifyRequest, key: string): void {
  const log = (error: unknown): void => {
    request.log.error({ err: error }, "a listener of the rate limit has failed");
  };
  try {
    const told: unknown = listener(request, key);
    if (isThenable(told)) Promise.resolve(told).catch(log);
  } catch (error) {
    log(error);
  }
}
