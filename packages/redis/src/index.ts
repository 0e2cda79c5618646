export type { BreakerState } from "./breaker.ts";
export type { ClusterOptions } from "./cluster-driver.ts";
export { createRedis, type RedisOptions } from "./create-redis.ts";
export type { DriverEvents, FailureKind, RedisDriver } from "./driver.ts";
export {
  isRedisError,
  REDIS_INVALID_OPTION,
  REDIS_UNSAFE_CLIENT,
  RedisConnectionLost,
  type RedisError,
  RedisRefused,
  RedisTimeout,
  RedisUnavailable,
  RedisUnreadableReply,
} from "./errors.ts";
export type { Fate } from "./fate.ts";
export { type IoredisClient, type IoredisCluster, type IoredisNode, ioredis } from "./ioredis.ts";
export { keySlot } from "./key-slot.ts";
export type { Redis } from "./redis.ts";
export { defineScript, type RedisScript } from "./script.ts";
export type { SentinelOptions } from "./sentinel.ts";
export type { GuardOptions, RedisEvent } from "./settings.ts";
export type { NodeRedisOptions } from "./single-driver.ts";
export type { RedisCounts, RedisNodeState, RedisState } from "./state.ts";
