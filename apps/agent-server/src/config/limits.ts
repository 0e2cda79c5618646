import { type Environment, type Reading, setIn } from "./problems.ts";

/** How much callers may do; what is absent is not limited. */
export interface Limits {
  /** Where it is counted for several processes; absent: in this one. May hold a password. */
  readonly redisUrl?: string;
  /** Requests of one address. */
  readonly requestsPerMinute?: number;
  /** Tokens of one principal, or of one address where nobody is authenticated. */
  readonly tokensPerMinute?: number;
  readonly tokensPerDay?: number;
  /** Runs of one principal at the same time. */
  readonly concurrentRuns?: number;
}

const max = 1_000_000_000;

/** Reads the limits. 0 is no limit. */
export function readLimits(env: Environment): Reading<Limits> {
  const problems: string[] = [];
  const read = (name: string, fallback: number): number | undefined => {
    const text = setIn(env, name)?.trim() ?? String(fallback);
    if (!/^\d{1,10}$/.test(text) || Number(text) > max) {
      const received = JSON.stringify(text);
      problems.push(
        `${name} must be a whole number from 0 (no limit) to ${max}; it is ${received}`,
      );
    }
    return Number(text) || undefined;
  };
  const given = {
    requestsPerMinute: read("RATE_LIMIT_PER_MINUTE", 600),
    tokensPerMinute: read("TOKENS_PER_MINUTE", 0),
    tokensPerDay: read("TOKENS_PER_DAY", 0),
    concurrentRuns: read("MAX_CONCURRENT_RUNS", 10),
    redisUrl: setIn(env, "REDIS_URL")?.trim(),
  };
  if (given.redisUrl !== undefined && !isRedisUrl(given.redisUrl)) {
    problems.push(
      "REDIS_URL must be redis://host:port, or rediss:// for TLS; it is something else",
    );
  }
  const set = Object.entries(given).filter(([, value]) => value !== undefined);
  return { value: Object.fromEntries(set) as Limits, problems };
}

function isRedisUrl(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, hostname } = new URL(text);
  return (protocol === "redis:" || protocol === "rediss:") && hostname !== "";
}
