import { type OptionReader, optionReader } from "@enfilade/layer";
import {
  createLimiter,
  type Limiter,
  type LiveNodes,
  memoryStore,
  type OnStoreError,
  type Store,
  type StrictWindowPolicy,
  strictWindow,
} from "@enfilade/limiter";
import { HEADER_DIALECTS, type HeaderDialect } from "@enfilade/limiter/http";
import { type Callers, callersOf } from "./callers.ts";
import { RATE_LIMIT_INVALID_OPTION } from "./errors.ts";
import { REMOVED } from "./removed.ts";
import { RULES } from "./rules.ts";
import { milliseconds, WINDOW_FIX } from "./time-window.ts";
import type { KeyGenerator, RateLimitRules, TimeWindow } from "./types.ts";

/** How failed authentications are limited. */
export interface FailureOptions {
  /** How many failures of one address are answered as such. @defaultValue 20 */
  readonly max?: number;
  /** In which time. @defaultValue one minute */
  readonly timeWindow?: TimeWindow;
}

/** The options of the rate limit. */
export interface RateLimitOptions extends RateLimitRules {
  /**
   * Who is one caller: an `"address"` (of IPv6 its network), a `"principal"`, or what a function says. It
   * decides the place: `shield` for addresses, before authentication, `spend` for all others.
   *
   * **Security:** what a function reads of a request before authentication is the client's to choose.
   * @defaultValue `"address"`
   */
  readonly by?: "address" | "principal" | KeyGenerator;
  /** Another way to say `by` with a function. */
  readonly keyGenerator?: KeyGenerator;
  /** How many leading bits of an IPv6 address make a caller. @defaultValue 64 */
  readonly ipv6Subnet?: number;
  /** Whether routes that say nothing of their own are limited too. @defaultValue true */
  readonly global?: boolean;
  /**
   * Routes, as they were declared, that are not limited.
   * @defaultValue `["/health", "/healthz", "/livez", "/readyz"]`
   */
  readonly exempt?: readonly string[];
  /**
   * Answers 429 instead of 401 or 403 to an address whose credentials have failed too often; credentials that
   * hold pass all the same. By address only.
   * @defaultValue 20 a minute
   */
  readonly failures?: false | FailureOptions;
  /** In which words clients are told of their limits; `[]` for none. @defaultValue `["standard"]` */
  readonly headers?: readonly HeaderDialect[];
  /** Where the counters live. @defaultValue the memory of this process */
  readonly store?: Store;
  /** How many callers the memory of this process holds. @defaultValue 1,000,000 */
  readonly cache?: number;
  /**
   * How many processes share the limits while the store is away.
   * @defaultValue 1
   */
  readonly liveNodes?: LiveNodes;
  /**
   * What to do while the store is away: `"local"` counts in this process, at its share; `"open"` lets in;
   * `"closed"` answers 503. Policies of your own have their own.
   * @defaultValue `"local"`
   */
  readonly onStoreError?: OnStoreError;
}

/** The options of a registration that are not rules, complete and checked. */
export interface Settings {
  readonly callers: Callers;
  readonly global: boolean;
  readonly exempt: ReadonlySet<string>;
  readonly failures: StrictWindowPolicy | undefined;
  readonly dialects: readonly HeaderDialect[];
  readonly limiter: Limiter;
  readonly onStoreError: OnStoreError;
}

export const PACKAGE = "@enfilade/rate-limit";

const EXEMPT = ["/health", "/healthz", "/livez", "/readyz"];
const KNOWN = [
  "by",
  "keyGenerator",
  "ipv6Subnet",
  "global",
  "exempt",
  "failures",
  "headers",
  "store",
  "cache",
  "liveNodes",
  "onStoreError",
  ...RULES,
];

/** Reads options, and says of those that this package does not take over what to say instead. */
export function readerOf(where: string, options: object, known: readonly string[]): OptionReader {
  const removed = Object.keys(options).find((option) => Object.hasOwn(REMOVED, option));
  if (removed !== undefined) {
    const fix = REMOVED[removed] ?? "";
    throw new RATE_LIMIT_INVALID_OPTION(where, removed, "one of @fastify/rate-limit alone", fix);
  }
  return optionReader(where, RATE_LIMIT_INVALID_OPTION, options, known);
}

/**
 * Checks the options of a registration and fills in the defaults.
 *
 * @throws `RATE_LIMIT_INVALID_OPTION`
 */
export function resolveOptions(options: RateLimitOptions): Settings {
  const read = readerOf(PACKAGE, options, KNOWN);
  const store = readStore(read, options);
  const callers = callersOf(read, options, store.partitioned);
  const exempt = read.strings("exempt", EXEMPT);
  const path = exempt.findIndex((url) => !url.startsWith("/"));
  if (path !== -1) {
    read.refuse("exempt", `Write routes as they were declared: "/${exempt[path]}".`, path);
  }
  const dialects = read.strings("headers", ["standard"]) as readonly HeaderDialect[];
  const unknown = dialects.findIndex((dialect) => !HEADER_DIALECTS.includes(dialect));
  if (unknown !== -1) read.refuse("headers", `Use some of ${HEADER_DIALECTS.join(", ")}.`, unknown);
  return {
    callers,
    global: read.boolean("global", true),
    exempt: new Set(exempt),
    failures: readFailures(read, options, callers),
    dialects,
    limiter: createLimiter({ store, liveNodes: readLiveNodes(read, options) }),
    onStoreError: read.oneOf("onStoreError", "local", ["local", "open", "closed"]),
  };
}

function readStore(read: OptionReader, { store, cache }: RateLimitOptions): Store {
  if (store === undefined) {
    return memoryStore({ maxKeys: read.integer("cache", 1_000_000, { min: 1, max: 2 ** 26 }) });
  }
  if (cache !== undefined) read.refuse("cache", "Leave it out: the store has room of its own.");
  const fix = "Give memoryStore() or redisStore(redis), of @enfilade/limiter.";
  if (typeof store !== "object" || store === null) return read.refuse("store", fix);
  return typeof store.decide === "function" ? store : read.refuse("store", fix);
}

function readLiveNodes(read: OptionReader, { liveNodes = 1 }: RateLimitOptions): LiveNodes {
  if (typeof liveNodes === "function") return liveNodes;
  return read.integer("liveNodes", 1, { min: 1, max: 1_000_000 });
}

function readFailures(
  read: OptionReader,
  { failures }: RateLimitOptions,
  { by }: Callers,
): StrictWindowPolicy | undefined {
  if (failures === false) return undefined;
  if (by !== "address") {
    if (failures === undefined) return undefined;
    return read.refuse("failures", 'Give it to the registration by "address".');
  }
  const fix = "Give false, or { max, timeWindow }.";
  const own = read.inside("failures", ["max", "timeWindow"], fix);
  const { timeWindow = "minute" } = failures ?? {};
  const per = milliseconds(timeWindow) ?? own.refuse("timeWindow", WINDOW_FIX);
  const limit = own.integer("max", 20, { min: 1, max: 1_000_000 });
  return strictWindow({ name: "failures", limit, per });
}
