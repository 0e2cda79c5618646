import { ClusterDriver, type ClusterOptions } from "./cluster-driver.ts";
import type { RedisDriver } from "./driver.ts";
import { refuseOption } from "./invalid-option.ts";
import { GuardedRedis, type Redis } from "./redis.ts";
import { locateMaster, type SentinelOptions } from "./sentinel.ts";
import { GUARD_OPTIONS, type GuardOptions, resolveGuardOptions } from "./settings.ts";
import { type NodeRedisOptions, SingleDriver } from "./single-driver.ts";

/** Options of {@link createRedis}: where the server is, in one of five ways, and how it is guarded. */
export interface RedisOptions extends GuardOptions {
  /** `redis://[user:password@]host[:port][/database]`, or `rediss://` for TLS. */
  readonly url?: string;
  /** Options of node-redis' `createClient`, in full. */
  readonly client?: NodeRedisOptions;
  /** Options of node-redis' `createCluster`. */
  readonly cluster?: ClusterOptions;
  /** A master that Sentinel watches. */
  readonly sentinel?: SentinelOptions;
  /** Another client: `ioredis(client)`, or a driver of your own. */
  readonly driver?: RedisDriver;
}

const WHERE = ["url", "client", "cluster", "sentinel", "driver"] as const;

/**
 * Creates a guarded connection, and connects in the background: a server that is away at boot is
 * connected when it comes, and commands are refused at once until then.
 *
 * @throws REDIS_INVALID_OPTION
 * @example
 * ```ts no-run
 * const redis = createRedis({ url: "redis://127.0.0.1:6379", deadlineMs: 100 });
 * const reply = await redis.command(["GET", "key"], "key");
 * ```
 */
export function createRedis(options: RedisOptions): Redis {
  const unknown = Object.keys(options).find(
    (option) => !GUARD_OPTIONS.includes(option) && !WHERE.some((where) => where === option),
  );
  if (unknown !== undefined) {
    const known = [...WHERE, ...GUARD_OPTIONS].join(", ");
    refuseOption("createRedis", unknown, Reflect.get(options, unknown), `Use one of ${known}.`);
  }
  const given = WHERE.filter((option) => options[option] !== undefined);
  if (given.length !== 1) {
    const received = given.length === 0 ? "missing" : `given next to ${given[0]}`;
    refuseOption("createRedis", given[1] ?? "url", received, `Give one of ${WHERE.join(", ")}.`);
  }
  return new GuardedRedis({ ...resolveGuardOptions(options), driver: driverOf(options) });
}

function driverOf({ url, client, cluster, sentinel, driver }: RedisOptions): RedisDriver {
  if (driver !== undefined) return driver;
  if (cluster !== undefined) return new ClusterDriver(cluster);
  if (sentinel !== undefined) {
    if (sentinel.sentinels.length === 0) {
      refuseOption("createRedis", "sentinel.sentinels", "empty", "Name at least one.");
    }
    return new SingleDriver("node-redis by sentinel", () => locateMaster(sentinel));
  }
  if (url !== undefined && !/^(rediss?|unix):\/\//.test(url)) {
    // The value may hold a password.
    refuseOption("createRedis", "url", undefined, "Give redis://host:port or rediss://host:port.");
  }
  const where = url === undefined ? { ...client } : { url };
  return new SingleDriver("node-redis", async () => ({ ...where }));
}
