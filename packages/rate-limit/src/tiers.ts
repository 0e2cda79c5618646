import type { OptionReader } from "@enfilade/layer";
import {
  type Charge,
  gcra,
  type OnStoreError,
  type Policy,
  strictWindow,
  type Verdict,
} from "@enfilade/limiter";
import {
  createRateHeaders,
  type HeaderDialect,
  type HeaderFields,
  tellPolicy,
} from "@enfilade/limiter/http";
import type { FastifyRequest } from "fastify";
import { RATE_LIMIT_INVALID_ANSWER } from "./errors.ts";
import { milliseconds, WINDOW_FIX } from "./time-window.ts";
import type { RateLimitRules } from "./types.ts";

/** The policies that hold for one caller, and all that can be prepared of them. */
export interface Tier {
  readonly policies: readonly Policy[];
  readonly toHeaders: (verdicts: readonly Verdict[]) => HeaderFields;
}

/** Finds the policies of a caller. */
export type TierOf = (request: FastifyRequest, key: string) => Tier | PromiseLike<Tier>;

/** What the policies of a registration have in common. */
export interface TierSettings {
  /** Names the policy, where it is made here. */
  readonly name: string;
  /** Where nobody has said how many. */
  readonly fallback: { readonly max: number; readonly burst: number };
  readonly dialects: readonly HeaderDialect[];
  readonly onStoreError: OnStoreError;
}

const MAX_FIX = "Give a whole number from 1 to 1000000000, or a function that gives one.";
const BOUNDS = { min: 1, max: 1_000_000_000 };
const REMEMBERED = 1_000;

/** Reads `max`, `timeWindow` and `burst`, or `policies`; a function where each caller has limits of its own. */
export function readTier(
  read: OptionReader,
  options: RateLimitRules,
  settings: TierSettings,
): { readonly tier: Tier | TierOf; readonly windowMs: number; readonly names: readonly string[] } {
  if (options.policies !== undefined) {
    const policies = readPolicies(read, options);
    const windowMs = Math.max(...policies.map(windowOf));
    const names = policies.map(({ name }) => name);
    return { tier: tierOf(policies, settings), windowMs, names };
  }
  const { fallback } = settings;
  const names = [settings.name];
  const { max = fallback.max, timeWindow = "minute" } = options;
  const windowMs = milliseconds(timeWindow) ?? read.refuse("timeWindow", WINDOW_FIX);
  const burst =
    options.burst === undefined && options.max !== undefined
      ? undefined
      : read.integer("burst", fallback.burst, { min: 1, max: 1_000_000 });
  const make = (limit: number) => tierOf([policyOf(limit, windowMs, burst, settings)], settings);
  if (typeof max === "function") return { tier: perCaller(max, make), windowMs, names };
  if (typeof max !== "number") read.refuse("max", MAX_FIX);
  return { tier: make(read.integer("max", fallback.max, BOUNDS)), windowMs, names };
}

/** Prepares the charges of a request. */
export function chargesOf({ policies }: Tier, key: string, cost: number): Charge[] {
  return policies.map((policy) => ({ policy, key, cost }));
}

function policyOf(
  max: number,
  windowMs: number,
  burst: number | undefined,
  { name, onStoreError }: TierSettings,
): Policy {
  return burst === undefined
    ? strictWindow({ name, limit: max, per: windowMs, onStoreError })
    : gcra({ name, limit: max, per: windowMs, burst, onStoreError });
}

function tierOf(policies: readonly Policy[], { dialects }: TierSettings): Tier {
  const told = policies.map((policy) => tellPolicy(policy));
  return { policies, toHeaders: createRateHeaders(told, dialects) };
}

function readPolicies(read: OptionReader, options: RateLimitRules): readonly Policy[] {
  const { policies, max, timeWindow, burst } = options;
  const fix = "Give one to eight policies of @enfilade/limiter: gcra(), strictWindow(), budget().";
  if (!Array.isArray(policies) || policies.length === 0 || policies.length > 8) {
    return read.refuse("policies", fix);
  }
  if ((max ?? timeWindow ?? burst) !== undefined) {
    read.refuse("policies", "Give either policies, or max, timeWindow and burst.");
  }
  const own: readonly Policy[] = [...policies];
  const none = own.findIndex((policy) => typeof policy?.id !== "string");
  if (none !== -1) read.refuse("policies", fix, none);
  const runs = own.findIndex(({ kind }) => kind === "concurrency");
  if (runs !== -1) {
    const instead = "Runs at once are for @enfilade/quota, which gives their slots back.";
    read.refuse("policies", instead, runs);
  }
  const names = own.map(({ name }) => name);
  const again = names.findIndex((name, index) => names.indexOf(name) < index);
  if (again !== -1) read.refuse("policies", "Give each of them a name of its own.", again);
  return own;
}

function windowOf(policy: Policy): number {
  switch (policy.kind) {
    case "gcra":
      return policy.periodMs;
    case "strict-window":
      return policy.windowMs;
    default:
      return 86_400_000;
  }
}

type MaxOf = Exclude<RateLimitRules["max"], number | undefined>;

/** Callers of one limit share what is prepared for it. */
function perCaller(max: MaxOf, make: (max: number) => Tier): TierOf {
  const tiers = new Map<number, Tier>();
  const find = (limit: number): Tier => {
    const known = tiers.get(limit);
    if (known !== undefined) return known;
    if (!Number.isInteger(limit) || limit < BOUNDS.min || limit > BOUNDS.max) {
      throw new RATE_LIMIT_INVALID_ANSWER("max", MAX_FIX);
    }
    const made = make(limit);
    if (tiers.size >= REMEMBERED) tiers.clear();
    tiers.set(limit, made);
    return made;
  };
  return (request, key) => {
    const limit = max(request, key);
    return typeof limit === "number" ? find(limit) : Promise.resolve(limit).then(find);
  };
}
