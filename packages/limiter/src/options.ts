import type { LiveNodes } from "./fallback.ts";
import { refuseOption, refuseUnknown, wholeNumber } from "./invalid-option.ts";
import type { Store } from "./store.ts";

/** Options of {@link createLimiter}. */
export interface LimiterOptions {
  /** Where the counters live: `memoryStore()` or `redisStore(redis)`. */
  readonly store: Store;
  /**
   * How many processes share the limits. While the store is away each one gives `"local"` policies
   * its share, and so all together stay within the limit.
   *
   * **Security:** too small a number multiplies the limits of an outage.
   * @defaultValue 1
   */
  readonly liveNodes?: LiveNodes;
  /**
   * For how long at most a refusal is remembered in this process, so that who keeps asking does not
   * reach the store. What others refund in the meantime is noticed that much later. 0 turns it off.
   * @defaultValue 1,000 (for leases never more than 100)
   */
  readonly denyCacheMs?: number;
  /**
   * How many settlements and releases wait for a store that is away.
   * @defaultValue 10,000
   */
  readonly maxQueued?: number;
}

export function resolveOptions(options: LimiterOptions): Required<LimiterOptions> {
  const what = "createLimiter";
  refuseUnknown(what, options, ["store", "liveNodes", "denyCacheMs", "maxQueued"]);
  const store: unknown = options.store;
  if (typeof store !== "object" || store === null || !("decide" in store)) {
    refuseOption(what, "store", store, "Give memoryStore() or redisStore(redis).");
  }
  const { liveNodes = 1, denyCacheMs = 1_000, maxQueued = 10_000 } = options;
  return {
    store: options.store,
    liveNodes:
      typeof liveNodes === "function"
        ? liveNodes
        : wholeNumber(what, "liveNodes", liveNodes, { min: 1, max: 1_000_000 }),
    denyCacheMs: wholeNumber(what, "denyCacheMs", denyCacheMs, {
      min: 0,
      max: 60_000,
    }),
    maxQueued: wholeNumber(what, "maxQueued", maxQueued, {
      min: 0,
      max: 1_000_000,
    }),
  };
}
