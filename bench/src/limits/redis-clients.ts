import { createLimiter, type Limiter, type Policy, redisStore } from "@enfilade/limiter";
import { createRedis, ioredis } from "@enfilade/redis";
import { createClient, type RedisClientOptions } from "@redis/client";
import { Redis as Ioredis } from "ioredis";

/** Asks Redis about a key, once: whether it may pass. */
export type Hit = (key: string) => Promise<boolean>;

/** A contender that is connected. */
interface Opened {
  readonly hit: Hit;
  close(): Promise<void>;
}

/** Connects a contender to the server of this url. */
export type Open = (url: string) => Promise<Opened>;

/** What others do on a machine is not what is measured: nothing is answered without Redis. */
const PATIENT = { deadlineMs: 30_000 };

type NodeRedis = ReturnType<typeof createClient>;

export function overNodeRedis(create: (client: NodeRedis) => Hit | Promise<Hit>): Open {
  return async (url) => {
    const options: RedisClientOptions = { url };
    const client = createClient(options);
    await client.connect();
    return { hit: await create(client), close: async () => client.destroy() };
  };
}

export function overIoredis(create: (client: Ioredis) => Hit | Promise<Hit>): Open {
  return async (url) => {
    const client = new Ioredis(url);
    return { hit: await create(client), close: async () => client.disconnect() };
  };
}

/** Enfilade over node-redis; `create` tells how a key is asked about. */
export function guarded(create: (limiter: Limiter) => Hit): Open {
  return async (url) => await limit(createRedis({ url, ...PATIENT }), create);
}

/** Enfilade over ioredis. */
export function guardedIoredis(create: (limiter: Limiter) => Hit): Open {
  return async (url) => {
    const client = new Ioredis(url, {
      enableOfflineQueue: false,
      maxRetriesPerRequest: 0,
      autoResendUnfulfilledCommands: false,
    });
    const opened = await limit(createRedis({ driver: ioredis(client), ...PATIENT }), create);
    const close = async () => {
      await opened.close();
      client.disconnect();
    };
    return { hit: opened.hit, close };
  };
}

async function limit(
  redis: ReturnType<typeof createRedis>,
  create: (limiter: Limiter) => Hit,
): Promise<Opened> {
  await redis.ready();
  const limiter = createLimiter({ store: redisStore(redis) });
  return {
    hit: create(limiter),
    async close() {
      const { degraded, lastError } = limiter.state();
      await limiter.close();
      await redis.close();
      if (degraded > 0)
        throw new Error(`${degraded} decisions were not Redis'`, { cause: lastError });
    },
  };
}

/** All policies in one decision. */
export function together(...policies: readonly Policy[]): (limiter: Limiter) => Hit {
  return (limiter) => async (key) =>
    (await limiter.decide(policies.map((policy) => ({ policy, key })))).admitted;
}

/** One decision after the other, as with limiters of one counter each. */
export function sequentially(...policies: readonly Policy[]): (limiter: Limiter) => Hit {
  return (limiter) => async (key) => {
    for (const policy of policies) {
      const { admitted } = await limiter.decide([{ policy, key }]);
      if (!admitted) return false;
    }
    return true;
  };
}
