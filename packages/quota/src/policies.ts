import { describeValue } from "@enfilade/layer";
import {
  budget,
  concurrency,
  type Duration,
  gcra,
  LIMITER_INVALID_OPTION,
  type OnStoreError,
  type Policy,
  strictWindow,
} from "@enfilade/limiter";
import { type ToldPolicy, tellPolicy } from "@enfilade/limiter/http";
import type { FastifyRequest } from "fastify";
import { CALLER_PARTS, type CallerKey, type CallerPart } from "./caller.ts";
import { QUOTA_INVALID_LIMIT, QUOTA_INVALID_OPTION } from "./errors.ts";
import type { Caller } from "./types.ts";

/**
 * Gives the limit of one caller: a whole number, 0 for none at all, `Infinity` for no limit. For the admin
 * view it is asked with what is known of the caller, and without a request.
 */
export type LimitOf = (
  caller: Caller,
  request: FastifyRequest | undefined,
) => number | Promise<number>;

/** What a policy counts by. */
export type CountedBy = CallerPart | CallerKey;

/** One policy: so much of something, in some time, for each of somebody. */
export interface QuotaPolicyOptions {
  /**
   * What is counted: `"requests"`, `"tokens"`, `"money"` in millionths of the currency, `"runs"` at the same time,
   * or a word of your own, such as `"images"`.
   */
  readonly counts: "requests" | "tokens" | "money" | "runs" | (string & {});
  /** How much, for everybody or for each caller. */
  readonly limit: number | LimitOf;
  /**
   * In which time: a sliding window of that length, or a calendar `"day"` or `"month"`. Runs have none.
   */
  readonly per?: Duration | "month";
  /**
   * Each of whom has so much. Several mean each combination: `["org", "user"]` is a user within an organisation.
   * @defaultValue `"principal"`
   */
  readonly by?: CountedBy | readonly CountedBy[];
  /**
   * How much fits at once, where the rest flows back steadily instead of by a window.
   * @defaultValue none: a window that never admits more than `limit`
   */
  readonly burst?: number;
  /** Whose midnight ends a day or a month: an IANA time zone. @defaultValue `"UTC"` */
  readonly timeZone?: string;
  /** After how long a run whose process has died gives its place back. @defaultValue 30,000 */
  readonly ttlMs?: number;
  /**
   * What holds while the store is away: `"local"` counts in this process, `"open"` not at all, `"closed"` refuses.
   * @defaultValue `"closed"` for money, else `"local"`
   */
  readonly onStoreError?: OnStoreError;
  /**
   * Whether callers are told of it, in headers and refusals.
   *
   * **Security:** what is left of a policy of everybody together says how much the others use.
   * @defaultValue `true`; `false` for policies by `"server"`
   */
  readonly told?: boolean;
}

/** A policy, ready for use. */
export interface MeteredPolicy {
  readonly name: string;
  readonly counts: string;
  readonly by: readonly CountedBy[];
  readonly isTold: boolean;
  /** A caller who is refused by it is not to blame. */
  readonly ofServer: boolean;
  readonly limit: number | LimitOf;
  /** A limit that it can have, whoever asks: its own, where that is the same for everybody. */
  readonly possibleLimit: number;
  /** Makes the policy for a limit, once for each. */
  policyFor(limit: number): Policy;
  tell(policy: Policy): ToldPolicy;
}

const KNOWN = new Set([
  "counts",
  "limit",
  "per",
  "by",
  "burst",
  "timeZone",
  "ttlMs",
  "onStoreError",
  "told",
]);
const WORD = /^[a-z][a-z0-9-]{0,31}$/;
/** A function has a few plans to choose from, as a rule; one that has more makes its policies again. */
const MAX_LIMITS = 1_000;
const PACKAGE = "@enfilade/quota";

/**
 * Checks a policy and makes it ready.
 *
 * @throws `QUOTA_INVALID_OPTION`
 */
export function readPolicy(
  name: string,
  options: QuotaPolicyOptions,
  currency: string,
): MeteredPolicy {
  const refuseAs = (option: string, received: string, fix: string): never => {
    throw new QUOTA_INVALID_OPTION(PACKAGE, `policies.${name}${option}`, received, fix);
  };
  const refuse = (option: string, received: unknown, fix: string) =>
    refuseAs(option, describeValue(received), fix);
  if (typeof options !== "object" || options === null) {
    return refuse("", options, "Give { counts, limit, per, by }.");
  }
  const odd = Object.keys(options).find((option) => !KNOWN.has(option));
  if (odd !== undefined) refuseAs(`.${odd}`, "unknown", `Use one of ${[...KNOWN].join(", ")}.`);
  const { counts, limit, told } = options;
  if (typeof counts !== "string" || !WORD.test(counts)) {
    refuse(
      ".counts",
      counts,
      'Say "requests", "tokens", "money", "runs", or a word in lower case.',
    );
  }
  if (told !== undefined && typeof told !== "boolean") {
    refuse(".told", told, "Give true or false.");
  }
  const { by: given = "principal" } = options;
  const by = [given].flat();
  const wrong = by.findIndex((part) => !isCountedBy(part));
  if (by.length === 0 || wrong !== -1) {
    const isItem = Array.isArray(given) && wrong !== -1;
    const fix = `Use ${CALLER_PARTS.join(", ")}, a function, or several of them.`;
    refuse(isItem ? `.by[${wrong}]` : ".by", isItem ? by[wrong] : given, fix);
  }
  const make = makerOf(name, options, refuse);
  const byLimit = new Map<number, Policy>();
  const policyFor = (value: number): Policy => {
    const known = byLimit.get(value);
    if (known !== undefined) return known;
    if (byLimit.size === MAX_LIMITS) byLimit.clear();
    const made = make(value);
    byLimit.set(value, made);
    return made;
  };
  // A rate has to be counted exactly, which a large burst that flows back one by one cannot be.
  const possibleLimit = typeof limit === "function" ? (options.burst ?? 1) : limit;
  try {
    // Also where a function gives the limit: everything else is checked while the app boots.
    policyFor(possibleLimit);
  } catch (error) {
    if (!(error instanceof LIMITER_INVALID_OPTION)) throw error;
    const { option, fix } = error;
    if (option === "name") refuseAs("", "no name for it", fix);
    const own = ownOption(option, limit);
    refuse(`.${own}`, options[own], fix);
  }
  const ofServer = by.every((part) => part === "server");
  const unit = counts === "money" ? `micro-${currency}` : counts;
  return {
    name,
    counts,
    by,
    isTold: told ?? !ofServer,
    ofServer,
    limit,
    possibleLimit,
    policyFor,
    tell: (policy) => tellPolicy(policy, unit),
  };
}

/** Says what an option of the limiter is called here. */
function ownOption(
  option: string,
  limit: QuotaPolicyOptions["limit"],
): Exclude<keyof QuotaPolicyOptions, "name"> {
  if (option === "ttl") return "ttlMs";
  // Where a function gives the limit, it is tried with the burst.
  if (option === "limit" && typeof limit === "function") return "burst";
  return option as keyof QuotaPolicyOptions;
}

/** Finds how a policy is counted. */
function makerOf(
  name: string,
  options: QuotaPolicyOptions,
  refuse: (option: string, received: unknown, fix: string) => never,
): (limit: number) => Policy {
  const { counts, per, burst, timeZone, ttlMs } = options;
  const { onStoreError = counts === "money" ? "closed" : "local" } = options;
  const base = { name, onStoreError };
  const exclude = (option: "burst" | "timeZone" | "ttlMs" | "per", where: string) => {
    if (options[option] !== undefined) refuse(`.${option}`, options[option], `Only for ${where}.`);
  };
  if (counts === "runs") {
    exclude("per", "what is counted over time; runs are counted at once");
    exclude("burst", "what is counted over time");
    exclude("timeZone", 'per: "day" and per: "month"');
    return (limit) => concurrency({ ...base, limit, ttl: ttlMs === undefined ? 30_000 : ttlMs });
  }
  exclude("ttlMs", 'counts: "runs"');
  if (per === undefined) {
    return refuse(
      ".per",
      per,
      'Say in which time: "minute", "hour", "day", "month", milliseconds.',
    );
  }
  if (per === "day" || per === "month") {
    exclude("burst", "windows that slide");
    return (limit) => budget({ ...base, limit, per, ...(timeZone !== undefined && { timeZone }) });
  }
  exclude("timeZone", 'per: "day" and per: "month"');
  if (burst === undefined) return (limit) => strictWindow({ ...base, limit, per });
  return (limit) => gcra({ ...base, limit, per, burst });
}

/** Gives the limit of a caller: a number, checked. */
export async function limitOf(
  { name, limit }: Pick<MeteredPolicy, "name" | "limit">,
  caller: Caller,
  request: FastifyRequest | undefined,
): Promise<number> {
  if (typeof limit === "number") return limit;
  const given: unknown = await limit(caller, request);
  if (given === Number.POSITIVE_INFINITY) return given;
  if (typeof given === "number" && Number.isSafeInteger(given) && given >= 0) return given;
  throw new QUOTA_INVALID_LIMIT(
    name,
    describeValue(given),
    "Give a whole number from 0, or Infinity.",
  );
}

function isCountedBy(value: unknown): value is CountedBy {
  return typeof value === "function" || CALLER_PARTS.some((part) => part === value);
}
