import { type OptionReader, optionReader } from "@enfilade/layer";
import { type LiveNodes, memoryStore, type Store } from "@enfilade/limiter";
import { HEADER_DIALECTS, type HeaderDialect } from "@enfilade/limiter/http";
import { QUOTA_INVALID_OPTION } from "./errors.ts";
import { type MeteredPolicy, type QuotaPolicyOptions, readPolicy } from "./policies.ts";
import type { Estimate } from "./types.ts";

/** A route, as the option `routes` sees it. */
export interface QuotaRoute {
  readonly method: string;
  readonly url: string;
}

/** How requests wait for a place instead of being refused. */
export interface QueueOptions {
  /** How many wait at once in this process; who comes then gets a 503. */
  readonly maxWaiting: number;
  /** How many of one caller wait; who comes then gets the 429 of the policy. @defaultValue 4 */
  readonly maxWaitingPerCaller?: number;
  /** For how long; who has no place by then gets the 429 of the policy. @defaultValue 10,000 */
  readonly maxWaitMs?: number;
}

/** The options of the layer. */
export interface QuotaOptions {
  /** The policies, by name. Their names are told to callers. */
  readonly policies: Readonly<Record<string, QuotaPolicyOptions>>;
  /**
   * Where it is counted: `memoryStore()` for one process, `redisStore(redis)` for several.
   * @defaultValue `memoryStore()`
   */
  readonly store?: Store;
  /**
   * How many processes share the store: while it is away each has its share of the limits.
   * @defaultValue 1
   */
  readonly liveNodes?: LiveNodes;
  /**
   * Foresees what a request will cost. It is reserved before the handler runs, and settled afterwards.
   * @defaultValue one of each unit
   */
  readonly estimate?: Estimate;
  /**
   * Which routes have a quota, besides those whose `config.quota` says so.
   * @defaultValue none
   */
  readonly routes?: (route: QuotaRoute) => boolean;
  /** The currency that `"money"` counts millionths of, as ISO 4217 writes it. @defaultValue `"USD"` */
  readonly currency?: string;
  /** The claim that names the organisation of a principal. @defaultValue `"org_id"` */
  readonly orgClaim?: string;
  /** Lets requests wait for a place when too many run. @defaultValue `false` */
  readonly queue?: QueueOptions | false;
  /** How callers are told what is left; `[]` not at all. @defaultValue `["standard"]` */
  readonly headers?: readonly HeaderDialect[];
  /**
   * How long after the end of its exchange a run may still be settled; then its estimate stands.
   * @defaultValue 60,000
   */
  readonly settleWithinMs?: number;
}

/** The options, complete and checked. */
export interface Settings {
  readonly policies: ReadonlyMap<string, MeteredPolicy>;
  readonly store: Store;
  readonly liveNodes: LiveNodes;
  readonly estimate: Estimate | undefined;
  readonly routes: ((route: QuotaRoute) => boolean) | undefined;
  readonly orgClaim: string;
  readonly queue: Required<QueueOptions> | undefined;
  readonly headers: readonly HeaderDialect[];
  readonly settleWithinMs: number;
}

export const PACKAGE = "@enfilade/quota";
/** As many as can be decided in one step. */
const MAX_POLICIES = 8;

const KNOWN = [
  "policies",
  "store",
  "liveNodes",
  "estimate",
  "routes",
  "currency",
  "orgClaim",
  "queue",
  "headers",
  "settleWithinMs",
] as const;

/**
 * Checks the options and fills in the defaults.
 *
 * @throws `QUOTA_INVALID_OPTION`
 */
export function resolveOptions(options: QuotaOptions): Settings {
  const read = optionReader(PACKAGE, QUOTA_INVALID_OPTION, options, KNOWN);
  const currency = read
    .string("currency", "USD", { pattern: /[A-Z]{3}/, fix: 'Give three letters, such as "EUR".' })
    .toLowerCase();
  return {
    policies: readPolicies(read, options.policies, currency),
    store: readStore(read, options.store),
    liveNodes: readLiveNodes(read, options.liveNodes),
    estimate: readFunction(read, "estimate", options.estimate),
    routes: readFunction(read, "routes", options.routes),
    orgClaim: read.string("orgClaim", "org_id"),
    queue: readQueue(options.queue),
    headers: readHeaders(read),
    settleWithinMs: read.integer("settleWithinMs", 60_000, { min: 0, max: 3_600_000 }),
  };
}

function readPolicies(
  read: OptionReader,
  policies: unknown,
  currency: string,
): Settings["policies"] {
  if (typeof policies !== "object" || policies === null || Array.isArray(policies)) {
    return read.refuse("policies", "Give an object of policies by name.");
  }
  const entries = Object.entries(policies as QuotaOptions["policies"]);
  if (entries.length === 0 || entries.length > MAX_POLICIES) {
    return read.refuse("policies", `Give one to ${MAX_POLICIES}.`);
  }
  return new Map(entries.map(([name, one]) => [name, readPolicy(name, one, currency)]));
}

function readStore(read: OptionReader, store: unknown): Store {
  if (store === undefined) return memoryStore();
  const valid = typeof store === "object" && store !== null && "decide" in store;
  return valid
    ? (store as Store)
    : read.refuse("store", "Give memoryStore() or redisStore(redis) of @enfilade/limiter.");
}

function readLiveNodes(read: OptionReader, given: unknown): LiveNodes {
  return typeof given === "function"
    ? (given as LiveNodes)
    : read.integer("liveNodes", 1, { min: 1, max: 1_000_000 });
}

function readFunction<Value>(
  read: OptionReader,
  option: string,
  given: Value | undefined,
): Value | undefined {
  if (given !== undefined && typeof given !== "function") read.refuse(option, "Give a function.");
  return given;
}

function readQueue(given: unknown): Settings["queue"] {
  if (given === undefined || given === false) return undefined;
  const known = ["maxWaiting", "maxWaitingPerCaller", "maxWaitMs"];
  const isObject = typeof given === "object" && given !== null;
  const options = isObject ? given : { maxWaiting: given };
  const read = optionReader(`${PACKAGE} (queue)`, QUOTA_INVALID_OPTION, options, known);
  return {
    maxWaiting: read.integer("maxWaiting", Number.NaN, { min: 1, max: 1_000_000 }),
    maxWaitingPerCaller: read.integer("maxWaitingPerCaller", 4, { min: 1, max: 1_000_000 }),
    maxWaitMs: read.integer("maxWaitMs", 10_000, { min: 1, max: 600_000 }),
  };
}

function readHeaders(read: OptionReader): readonly HeaderDialect[] {
  const wanted: readonly string[] = read.strings("headers", ["standard"]);
  const known: readonly string[] = HEADER_DIALECTS;
  const unknown = wanted.findIndex((dialect) => !known.includes(dialect));
  if (unknown !== -1) read.refuse("headers", `Use ${known.join(", ")}.`, unknown);
  return HEADER_DIALECTS.filter((dialect) => wanted.includes(dialect));
}
