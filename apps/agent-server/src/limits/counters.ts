import { memoryStore, redisStore, type Store } from "@enfilade/limiter";
import { createRedis, type RedisEvent } from "@enfilade/redis";
import type { FastifyBaseLogger } from "fastify";
import type { Limits } from "../config/limits.ts";

/** Where requests, tokens and runs are counted. */
export interface Counters {
  readonly store: Store;
  /** How the shared counters are; nothing where each process counts for itself. */
  state(): "ready" | "away" | undefined;
  close(): Promise<void>;
}

/**
 * Opens the counters: in Redis, for all processes that share it, or in this process.
 *
 * While Redis is away this process counts for itself; no request waits for it longer than a tenth of a second, and
 * after a few of those none at all until it is back.
 */
export function openCounters({ redisUrl }: Limits, log: FastifyBaseLogger): Counters {
  if (redisUrl === undefined) {
    return { store: memoryStore(), state: () => undefined, close: async () => {} };
  }
  const redis = createRedis({ url: redisUrl, onEvent: teller(log, () => state()) });
  function state(): "ready" | "away" {
    return redis.state().ready ? "ready" : "away";
  }
  return {
    store: redisStore(redis, { prefix: "agent-server:" }),
    state,
    close: () => redis.close(),
  };
}

/** Tells when Redis goes and when it is back; how often it has been tried between, those who ask for `debug`. */
function teller(
  log: FastifyBaseLogger,
  state: () => "ready" | "away",
): (event: RedisEvent) => void {
  let counted: boolean | undefined;
  return ({ node, kind, breaker, cause }) => {
    // A connection that is there again says nothing yet: the breaker waits for an answer.
    if (kind === "ready" && state() === "away") return;
    const counts = kind === "ready" || breaker === "closed";
    const level = counts === counted ? "debug" : counts ? "info" : "warn";
    const text = counts ? "Redis counts" : "Redis is away: this process counts for itself";
    counted = counts;
    log[level]({ node, kind, ...(breaker !== undefined && { breaker }), err: cause }, text);
  };
}
