import { createRequire } from "node:module";
import { gcra, type Policy, strictWindow } from "@enfilade/limiter";
import { RedisStore as HonoRedisStore } from "hono-rate-limiter";
import type { Redis as Ioredis } from "ioredis";
import { RedisStore as ExpressRedisStore } from "rate-limit-redis";
import { RateLimiterRedis } from "rate-limiter-flexible";
import type { FastifyStore } from "./fastify-store.ts";
import {
  guarded,
  guardedIoredis,
  type Open,
  overIoredis,
  overNodeRedis,
  sequentially,
  together,
} from "./redis-clients.ts";

/** So many in a window. */
export interface RedisTerms {
  readonly limit: number;
  readonly windowMs: number;
}

type ExpressOptions = Parameters<ExpressRedisStore["init"]>[0];
type HonoOptions = Parameters<HonoRedisStore["init"]>[0];

const require = createRequire(import.meta.url);
const FastifyRedisStore = require("@fastify/rate-limit/store/RedisStore.js") as new (
  continueExceeding: boolean,
  backoff: boolean,
  client: Ioredis,
) => FastifyStore;

/** What counts in Redis, by client; of the peers the store alone, without the plugin around it. */
export function redisContenders(terms: RedisTerms): Readonly<Record<string, Open>> {
  const { limit, windowMs } = terms;
  const [rate, window] = fourPolicies(terms);
  const passes = ({ totalHits }: { totalHits: number }) => totalHits <= limit;
  const consumes = (limiter: RateLimiterRedis) => (key: string) =>
    limiter.consume(key).then(
      () => true,
      () => false,
    );
  const points = { points: limit, duration: windowMs / 1_000 };
  return {
    "node-redis: INCR alone": overNodeRedis((client) => async (key) => {
      return Number(await client.sendCommand(["INCR", key])) <= limit;
    }),
    "node-redis: enfilade gcra": guarded(together(rate)),
    "node-redis: enfilade strict window": guarded(together(window)),
    "node-redis: rate-limit-redis": overNodeRedis(async (client) => {
      const store = new ExpressRedisStore({ sendCommand: (...args) => client.sendCommand(args) });
      await store.init({ windowMs } as ExpressOptions);
      return async (key) => passes(await store.increment(key));
    }),
    "node-redis: hono-rate-limiter": overNodeRedis((client) => {
      const store = new HonoRedisStore({
        client: {
          scriptLoad: (script: string) => client.scriptLoad(script),
          evalsha: <Data>(sha: string, keys: string[], args: unknown[]) =>
            client.evalSha(sha, { keys, arguments: args.map(String) }) as Promise<Data>,
          decr: (key: string) => client.decr(key),
          del: (key: string) => client.del(key),
        },
      });
      store.init({ windowMs } as HonoOptions);
      return async (key) => passes(await store.increment(key));
    }),
    "node-redis: rate-limiter-flexible": overNodeRedis((client) =>
      consumes(new RateLimiterRedis({ storeClient: client, useRedisPackage: true, ...points })),
    ),
    "ioredis: INCR alone": overIoredis(
      (client) => async (key) => (await client.incr(key)) <= limit,
    ),
    "ioredis: enfilade gcra": guardedIoredis(together(rate)),
    "ioredis: enfilade strict window": guardedIoredis(together(window)),
    "ioredis: @fastify/rate-limit": overIoredis((client) => {
      const store = new FastifyRedisStore(false, false, client);
      return (key) =>
        new Promise((resolve, reject) => {
          const answer = (error: Error | null, result: { current: number }) =>
            error ? reject(error) : resolve(result.current <= limit);
          store.incr(key, answer, windowMs, limit);
        });
    }),
    "ioredis: rate-limit-redis": overIoredis(async (client) => {
      const store = new ExpressRedisStore({
        sendCommand: (command: string, ...args: string[]) =>
          client.call(command, ...args) as Promise<number>,
      });
      await store.init({ windowMs } as ExpressOptions);
      return async (key) => passes(await store.increment(key));
    }),
    "ioredis: rate-limiter-flexible": overIoredis((client) =>
      consumes(new RateLimiterRedis({ storeClient: client, ...points })),
    ),
    "node-redis: four policies at once": guarded(together(...fourPolicies(terms))),
    "node-redis: four, one after the other": guarded(sequentially(...fourPolicies(terms))),
  };
}

function fourPolicies({ limit, windowMs }: RedisTerms): readonly [Policy, Policy, Policy, Policy] {
  const burst = Math.ceil(limit / 6);
  return [
    gcra({ name: "one", limit, per: windowMs, burst }),
    strictWindow({ name: "two", limit, per: windowMs }),
    strictWindow({ name: "three", limit, per: 60 * windowMs }),
    gcra({ name: "four", limit, per: 60 * windowMs, burst }),
  ];
}
