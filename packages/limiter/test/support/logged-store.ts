import { AsyncLocalStorage } from "node:async_hooks";
import type { Redis, RedisScript } from "@enfilade/redis";
import {
  type Adjustment,
  type DecideMode,
  type Lease,
  type Outcome,
  type ResolvedCharge,
  redisStore,
  type Store,
} from "../../src/index.ts";

/** One thing that ran in Redis, with the server's clock, in whole microseconds. */
export type LogEntry =
  | {
      readonly kind: "decide";
      readonly at: number;
      readonly admitted: boolean;
      /** What each policy has said for itself. */
      readonly passed: readonly boolean[];
      readonly charges: readonly LoggedCharge[];
    }
  | {
      readonly kind: "adjust";
      readonly at: number;
      readonly adjustments: readonly (LoggedCharge & { delta: number; position: number })[];
    }
  | {
      readonly kind: "renew" | "release";
      readonly at: number;
      readonly charges: readonly LoggedCharge[];
    };

interface LoggedCharge {
  readonly policy: string;
  readonly counter: string;
  readonly cost: number;
  readonly lease: string;
}

/** A Redis store that writes down everything it does, and when the server did it. */
export class LoggedStore implements Store {
  readonly partitioned = true;
  readonly deadlineMs: number;
  readonly log: LogEntry[] = [];
  readonly #store: Store;
  /** Where a script writes down when it ran: a call may send two, one after the other. */
  readonly #slot = new AsyncLocalStorage<{ us: number }>();

  constructor(redis: Redis) {
    this.deadlineMs = redis.deadlineMs;
    const run = <Reply>(script: RedisScript<Reply>, ...rest: never[]) => {
      const slot = this.#slot.getStore();
      const read: typeof script.read = (value, nowUs, values) => {
        if (slot !== undefined) slot.us = nowUs;
        return script.read(value, nowUs, values);
      };
      const [keys, args, deadlineAt] = rest;
      return redis.run({ ...script, read }, keys ?? [], args ?? [], deadlineAt);
    };
    const watched: Redis = { ...bound(redis), run };
    this.#store = redisStore(watched);
  }

  async decide(
    charges: readonly ResolvedCharge[],
    mode: DecideMode,
    deadlineAt?: number,
  ): Promise<Outcome> {
    const [outcome, at] = await this.#time(() => this.#store.decide(charges, mode, deadlineAt));
    if (mode !== "peek") {
      const { admitted, verdicts } = outcome.decision;
      const passed = verdicts.map((verdict) => verdict.admitted);
      this.log.push({ kind: "decide", at, admitted, passed, charges: charges.map(logged) });
    }
    return outcome;
  }

  async adjust(adjustments: readonly Adjustment[]): Promise<void> {
    const [, at] = await this.#time(() => this.#store.adjust(adjustments));
    this.log.push({
      kind: "adjust",
      at,
      adjustments: adjustments.map(({ charge, delta, position }) => ({
        ...logged(charge),
        delta,
        position: position[0],
      })),
    });
  }

  async renew(leases: readonly Lease[]): Promise<readonly Lease[]> {
    const [lost, at] = await this.#time(() => this.#store.renew(leases));
    this.log.push({ kind: "renew", at, charges: leases.map(logged) });
    return lost;
  }

  async forget(charges: readonly ResolvedCharge[]): Promise<void> {
    await this.#store.forget(charges);
  }

  async release(leases: readonly Lease[]): Promise<void> {
    const [, at] = await this.#time(() => this.#store.release(leases));
    this.log.push({ kind: "release", at, charges: leases.map(logged) });
  }

  async #time<T>(call: () => T | Promise<T>): Promise<[T, number]> {
    const slot = { us: 0 };
    return [await this.#slot.run(slot, call), slot.us];
  }
}

function logged({ policy, key, partition, cost, lease }: ResolvedCharge): LoggedCharge {
  return { policy: policy.name, counter: `${policy.id} ${partition} ${key}`, cost, lease };
}

/** The methods of a class instance, for a copy that replaces one of them. */
function bound(redis: Redis): Redis {
  return {
    deadlineMs: redis.deadlineMs,
    run: (...args) => redis.run(...args),
    command: (...args) => redis.command(...args),
    serverUs: (...args) => redis.serverUs(...args),
    ready: () => redis.ready(),
    state: () => redis.state(),
    close: () => redis.close(),
  };
}
