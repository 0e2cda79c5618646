import { createRequire } from "node:module";
import {
  createLimiter,
  type Decision,
  gcra,
  memoryStore,
  type Policy,
  strictWindow,
} from "@enfilade/limiter";
import { MemoryStore as ExpressStore } from "express-rate-limit";
import { MemoryStore as HonoStore } from "hono-rate-limiter";
import { RateLimiterMemory } from "rate-limiter-flexible";
import type { FastifyStore } from "./fastify-store.ts";

/** Asks for one request of a key: whether it may pass. */
export type Ask = (key: string) => boolean | Promise<boolean>;

/** So many in a window, and how many keys may be remembered. */
export interface Terms {
  readonly limit: number;
  readonly windowMs: number;
  readonly maxKeys: number;
}

type Options<Store extends { init(options: never): void }> = Parameters<Store["init"]>[0];

const require = createRequire(import.meta.url);
const LocalStore = require("@fastify/rate-limit/store/LocalStore.js") as new (
  continueExceeding: boolean,
  backoff: boolean,
  keys: number,
) => FastifyStore;

/** What counts in memory; of the peers the store alone, without the plugin around it. */
export const MEMORY_CONTENDERS: Readonly<Record<string, (terms: Terms) => Ask>> = {
  "enfilade gcra": (terms) => ours(terms, rate(terms)),
  "enfilade strict window": (terms) => ours(terms, windowOf(terms)),
  "@fastify/rate-limit": ({ limit, windowMs, maxKeys }) => {
    const store = new LocalStore(false, false, maxKeys);
    return (key) => {
      let admitted = false;
      const read = (_error: Error | null, { current }: { current: number }) => {
        admitted = current <= limit;
      };
      store.incr(key, read, windowMs, limit);
      return admitted;
    };
  },
  "express-rate-limit": ({ limit, windowMs }) => {
    const store = new ExpressStore();
    store.init({ windowMs } as Options<ExpressStore>);
    return async (key) => (await store.increment(key)).totalHits <= limit;
  },
  "hono-rate-limiter": ({ limit, windowMs }) => {
    const store = new HonoStore();
    store.init({ windowMs } as Options<HonoStore>);
    return async (key) => (await store.increment(key)).totalHits <= limit;
  },
  "rate-limiter-flexible": ({ limit, windowMs }) => {
    const limiter = new RateLimiterMemory({ points: limit, duration: windowMs / 1_000 });
    return (key) =>
      limiter.consume(key).then(
        () => true,
        () => false,
      );
  },
};

/** A rate whose burst is a sixth of the limit. */
export function rate({ limit, windowMs }: Terms): Policy {
  return gcra({ limit, per: windowMs, burst: Math.ceil(limit / 6) });
}

export function windowOf({ limit, windowMs }: Terms): Policy {
  return strictWindow({ limit, per: windowMs });
}

/** @param now - the clock, where it is not the store's own */
export function ours({ maxKeys }: Pick<Terms, "maxKeys">, policy: Policy, now?: () => number): Ask {
  const store = memoryStore({ maxKeys, ...(now === undefined ? {} : { now }) });
  const limiter = createLimiter({ store });
  return (key) => (limiter.decide([{ policy, key }]) as Decision).admitted;
}
