import { isRedisError, type Redis, type RedisScript } from "@enfilade/redis";
import type { Position, Weighing } from "../algorithms/weighing.ts";
import { LIMITER_UNREADABLE_REPLY } from "../errors.ts";
import { refuseOption, refuseUnknown } from "../invalid-option.ts";
import type { Adjustment, DecideMode, Lease, Outcome, ResolvedCharge, Store } from "../store.ts";
import { type Fate, StoreFailure } from "../store-failure.ts";
import { toDecision } from "../verdicts.ts";
import { adjustArguments, formOf, likelyPosition, pushChargeArguments } from "./arguments.ts";
import { keyOf } from "./keys.ts";
import {
  adjustScript,
  type DecideReply,
  decideScript,
  forgetScript,
  releaseScript,
  renewScript,
} from "./scripts.ts";

/** Options of {@link redisStore}. */
export interface RedisStoreOptions {
  /**
   * What every key begins with. Programs that share a server need different ones.
   * @defaultValue `"limit:"`
   */
  readonly prefix?: string;
}

/** Numbers per charge in a reply; see `decideLua`. */
const ADMITTED_WIDTH = 2;
const PLACED_WIDTH = 5;
const REFUSED_WIDTH = 4;
/** The server's clock is in neither of the calendar windows that it was told. */
const WRONG_WINDOW = -1;

/**
 * Creates a store in Redis: charges of one partition are decided in one round trip, by the server's
 * own clock. Every key has an expiry, and is gone once its counter is as good as new.
 *
 * Each call answers within the connection's deadline, with a decision or with a rejection that the
 * limiter answers by the policies' `onStoreError`.
 *
 * @throws LIMITER_INVALID_OPTION
 * @example
 * ```ts no-run
 * const redis = createRedis({ url: "redis://127.0.0.1:6379" });
 * const limiter = createLimiter({ store: redisStore(redis), liveNodes: 4 });
 * ```
 */
export function redisStore(redis: Redis, options: RedisStoreOptions = {}): Store {
  refuseUnknown("redisStore", options, ["prefix"]);
  const { prefix = "limit:" } = options;
  if (typeof prefix !== "string" || !/^[A-Za-z0-9:._-]{0,64}$/.test(prefix)) {
    refuseOption(
      "redisStore",
      "prefix",
      prefix,
      "Give up to 64 letters, digits, colons, dots, dashes and underscores.",
    );
  }
  return new RedisStore(redis, prefix);
}

class RedisStore implements Store {
  readonly partitioned = true;
  readonly deadlineMs: number;
  readonly #redis: Redis;
  readonly #prefix: string;

  constructor(redis: Redis, prefix: string) {
    this.#redis = redis;
    this.#prefix = prefix;
    this.deadlineMs = redis.deadlineMs;
  }

  async decide(
    charges: readonly ResolvedCharge[],
    mode: DecideMode,
    deadlineAt?: number,
  ): Promise<Outcome> {
    const sorted = charges.length === 1 ? charges : charges.toSorted(byForm);
    const keys = sorted.map((charge) => keyOf(this.#prefix, charge));
    const script = decideScript(sorted, mode);
    const ask = (nowUs: () => number) => {
      const args: (string | number)[] = [];
      for (const charge of sorted) pushChargeArguments(args, charge, nowUs);
      return this.#redis.run(script, keys, args, deadlineAt);
    };
    try {
      let reply = await ask(() => this.#nowUs(keys[0]));
      const { nowUs } = reply;
      if (reply.numbers[0] === WRONG_WINDOW) reply = await ask(() => nowUs);
      return toOutcome(charges, sorted, mode, reply);
    } catch (error) {
      throw failure(error, (reply) => lateOutcome(charges, sorted, mode, reply as DecideReply));
    }
  }

  async adjust(adjustments: readonly Adjustment[]): Promise<void> {
    const keys = adjustments.map(({ charge }) => keyOf(this.#prefix, charge));
    const nowUs = this.#nowUs(keys[0]);
    const args = adjustments.flatMap((adjustment) => adjustArguments(adjustment, nowUs));
    await this.#run(adjustScript, keys, args);
  }

  async renew(leases: readonly Lease[]): Promise<readonly Lease[]> {
    const keys = leases.map((lease) => keyOf(this.#prefix, lease));
    const args = leases.flatMap(({ lease, cost, policy: { ttlMs, limit } }) => [
      lease,
      cost,
      ttlMs,
      limit,
    ]);
    const crowded = await this.#run(renewScript, keys, args);
    return leases.filter((_, index) => crowded.includes(index + 1));
  }

  async release(leases: readonly Lease[]): Promise<void> {
    const keys = leases.map((lease) => keyOf(this.#prefix, lease));
    await this.#run(
      releaseScript,
      keys,
      leases.map(({ lease }) => lease),
    );
  }

  async forget(charges: readonly ResolvedCharge[]): Promise<void> {
    const keys = charges.map((charge) => keyOf(this.#prefix, charge));
    await this.#run(forgetScript, keys, []);
  }

  async #run<Reply>(
    script: RedisScript<Reply>,
    keys: readonly string[],
    args: readonly (string | number)[],
  ): Promise<Reply> {
    try {
      return await this.#redis.run(script, keys, args);
    } catch (error) {
      throw failure(error);
    }
  }

  /** For calendar windows; where the server's clock is not known yet, it corrects the guess itself. */
  #nowUs(key: string | undefined): number {
    return this.#redis.serverUs(key) ?? Date.now() * 1_000;
  }
}

/** Says what has become of a call that failed, in the limiter's words. */
function failure(error: unknown, read?: (reply: unknown) => Outcome): unknown {
  if (!isRedisError(error)) return error;
  const fate = error.fate.then((known): Fate => {
    if (known.ran !== "yes") return known;
    return read === undefined ? { ran: "yes" } : { ran: "yes", outcome: read(known.reply) };
  });
  return new StoreFailure(
    error,
    fate.catch(() => ({ ran: "unknown" })),
  );
}

/** Reads a reply, and brings what it says into the order in which it was asked. */
function toOutcome(
  charges: readonly ResolvedCharge[],
  sorted: readonly ResolvedCharge[],
  mode: DecideMode,
  { numbers, nowUs }: DecideReply,
): Outcome {
  const count = charges.length;
  const width = numbers.length / count;
  const pass = width === (mode === "reserve" ? PLACED_WIDTH : ADMITTED_WIDTH);
  if (!pass && width !== REFUSED_WIDTH) {
    throw new LIMITER_UNREADABLE_REPLY(`${numbers.length} numbers`);
  }
  const weighings: Weighing[] = [];
  const positions: Position[] = [];
  for (const charge of charges) {
    const from = (charges === sorted ? weighings.length : sorted.indexOf(charge)) * width;
    const at = (offset: number) => numbers[from + offset] ?? 0;
    weighings.push(
      pass ? admitted(at(0), at(1)) : refused(charge, at(0) === 1, at(1), at(2), at(3)),
    );
    if (pass && mode === "reserve") positions.push([at(2), at(3), at(4)]);
  }
  return { decision: toDecision(charges, weighings, nowUs, pass), positions };
}

/** The script has subtracted the charge already. */
function admitted(remaining: number, resetUs: number): Weighing {
  return {
    pass: true,
    takes: 0,
    remaining,
    retryAfterUs: 0,
    resetUs,
    resetAfterUs: resetUs,
  };
}

function refused(
  { cost, policy }: ResolvedCharge,
  pass: boolean,
  remaining: number,
  retryUs: number,
  resetUs: number,
): Weighing {
  const retryAfterUs = !pass && cost > policy.capacity ? Number.POSITIVE_INFINITY : retryUs;
  return { pass, takes: 0, remaining, retryAfterUs, resetUs, resetAfterUs: resetUs };
}

/** What a script did whose caller had given it up: to be undone, wherever its charges are likely to lie. */
function lateOutcome(
  charges: readonly ResolvedCharge[],
  sorted: readonly ResolvedCharge[],
  mode: DecideMode,
  reply: DecideReply,
): Outcome {
  const outcome = toOutcome(charges, sorted, mode, reply);
  if (mode !== "charge" || !outcome.decision.admitted) return outcome;
  return { ...outcome, positions: charges.map((charge) => likelyPosition(charge, reply.nowUs)) };
}

function byForm({ policy: one }: ResolvedCharge, { policy: other }: ResolvedCharge): number {
  const [first, second] = [formOf(one), formOf(other)];
  return first < second ? -1 : first > second ? 1 : 0;
}
