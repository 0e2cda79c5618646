import { createRedis, type GuardOptions, ioredis, type Redis } from "@enfilade/redis";
import { Redis as Ioredis } from "ioredis";

/** Opens a guarded connection over ioredis; `close` closes the client as well. */
export function overIoredis(url: string, options: GuardOptions = {}): Redis {
  const client = new Ioredis(url, {
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
    autoResendUnfulfilledCommands: false,
    retryStrategy: () => 50,
  });
  const redis = createRedis({ driver: ioredis(client), ...options });
  const close = async () => {
    await redis.close();
    client.disconnect();
  };
  return new Proxy(redis, {
    get: (target, name) => {
      const value: unknown = name === "close" ? close : Reflect.get(target, name);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}
