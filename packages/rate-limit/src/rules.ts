import type { OptionReader } from "@enfilade/layer";
import { type StrictWindowPolicy, strictWindow } from "@enfilade/limiter";
import type { FastifyRequest } from "fastify";
import { type IsAllowed, readAllowList } from "./allow-list.ts";
import type { By } from "./callers.ts";
import { readTier, type Tier, type TierOf, type TierSettings } from "./tiers.ts";
import type { RateLimitListener, RateLimitRules } from "./types.ts";

/** The options that a registration and a route have in common. */
export const RULES = [
  "max",
  "timeWindow",
  "burst",
  "policies",
  "cost",
  "allowList",
  "ban",
  "onExceeding",
  "onExceeded",
  "onBanReach",
] as const;

export const LARGEST_COST = 1_000_000_000;

/** What holds for the requests of a registration or a route, complete and checked. */
export interface Rules {
  readonly tier: Tier | TierOf;
  /** The names of its policies, whoever is calling. */
  readonly names: readonly string[];
  readonly cost: number | ((request: FastifyRequest) => number | PromiseLike<number>);
  readonly isAllowed: IsAllowed | undefined;
  /** Counts refusals: who has no room in it is banned. `0` bans at once. */
  readonly ban: StrictWindowPolicy | 0 | undefined;
  readonly onExceeding: RateLimitListener | undefined;
  readonly onExceeded: RateLimitListener | undefined;
  readonly onBanReach: RateLimitListener | undefined;
}

/**
 * Checks rules and fills in the defaults.
 *
 * @throws `RATE_LIMIT_INVALID_OPTION`
 */
export function readRules(
  read: OptionReader,
  options: RateLimitRules,
  by: By,
  settings: TierSettings,
): Rules {
  const { tier, windowMs, names } = readTier(read, options, settings);
  return {
    tier,
    names,
    cost: readCost(read, options),
    isAllowed: readAllowList(read, options, by),
    ban: readBan(read, options, windowMs),
    onExceeding: readListener(read, options, "onExceeding"),
    onExceeded: readListener(read, options, "onExceeded"),
    onBanReach: readListener(read, options, "onBanReach"),
  };
}

function readCost(read: OptionReader, { cost = 1 }: RateLimitRules): Rules["cost"] {
  return typeof cost === "function" ? cost : read.integer("cost", 1, { min: 0, max: LARGEST_COST });
}

function readBan(read: OptionReader, { ban }: RateLimitRules, windowMs: number): Rules["ban"] {
  if (ban === undefined) return undefined;
  const limit = read.integer("ban", 0, { min: 0, max: 1_000_000 });
  if (limit === 0) return 0;
  // While nobody can count, nobody is banned.
  return strictWindow({ name: "bans", limit, per: windowMs, onStoreError: "open" });
}

function readListener(
  read: OptionReader,
  options: RateLimitRules,
  name: "onExceeding" | "onExceeded" | "onBanReach",
): RateLimitListener | undefined {
  const listener = options[name];
  if (listener === undefined || typeof listener === "function") return listener;
  return read.refuse(name, "Give a function.");
}
