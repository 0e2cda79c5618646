import { ClusterDriver, type ClusterOptions } from "./cluster-driver.ts";
import type { RedisDriver } from "./driver.ts";
import { describe, describeUrl, refuseAs } from "./invalid-option.ts";
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
const KINDS = {
  client: "the options of node-redis' createClient",
  cluster: "the options of node-redis' createCluster",
  sentinel: "{ name, sentinels: [{ host, port }] }",
  driver: "ioredis(client), or a driver of your own",
} as const;

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
  assertOptions(options);
  return new GuardedRedis({ ...resolveGuardOptions(options), driver: driverOf(options) });
}

function assertOptions(options: unknown): asserts options is RedisOptions {
  if (options !== undefined && !isObject(options)) {
    refuseAs("createRedis", "url", "not in an object", "Call createRedis({ url }).");
  }
  const given = options ?? {};
  const unknown = Object.keys(given).find(
    (option) => !GUARD_OPTIONS.includes(option) && !WHERE.some((where) => where === option),
  );
  if (unknown !== undefined) {
    const known = [...WHERE, ...GUARD_OPTIONS].join(", ");
    // Not its value: what was misspelt may be a password.
    refuseAs("createRedis", unknown, "unknown", `Use one of ${known}.`);
  }
  const [first, second] = WHERE.filter((option) => Reflect.get(given, option) !== undefined);
  const fix = `Give one of ${WHERE.join(", ")}.`;
  if (first === undefined) refuseAs("createRedis", "url", "missing", fix);
  if (second !== undefined) refuseAs("createRedis", second, `given next to ${first}`, fix);
  const value: unknown = Reflect.get(given, first);
  if (first === "url") {
    const form = "Give redis://host:port or rediss://host:port.";
    if (!isUrl(value)) refuseAs("createRedis", "url", describeUrl(value), form);
  } else if (!isObject(value) || (first === "driver" && !("start" in value))) {
    // A text is a URL, as a rule, and may hold a password.
    const told = typeof value === "string" ? "a string" : describe(value);
    refuseAs("createRedis", first, told, `Give ${KINDS[first]}.`);
  }
}

function driverOf({ url, client, cluster, sentinel, driver }: RedisOptions): RedisDriver {
  if (driver !== undefined) return driver;
  if (cluster !== undefined) return new ClusterDriver(cluster);
  if (sentinel !== undefined) {
    const { sentinels }: { readonly sentinels: unknown } = sentinel;
    if (!Array.isArray(sentinels) || sentinels.length === 0) {
      const told = Array.isArray(sentinels) ? "empty" : describeUrl(sentinels);
      refuseAs("createRedis", "sentinel.sentinels", told, "Name at least one: [{ host, port }].");
    }
    return new SingleDriver("node-redis by sentinel", () => locateMaster(sentinel));
  }
  const where = url === undefined ? { ...client } : { url };
  return new SingleDriver("node-redis", async () => ({ ...where }));
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}

function isUrl(value: unknown): boolean {
  if (typeof value !== "string") return false;
  return value.startsWith("unix://") || (/^rediss?:\/\//.test(value) && URL.canParse(value));
}
