import type { Policy } from "@enfilade/limiter";
import { type Counter, counterOf } from "./caller.ts";
import { QUOTA_UNAVAILABLE, QUOTA_UNKNOWN_POLICY } from "./errors.ts";
import type { Meter } from "./meter.ts";
import { limitOf, type MeteredPolicy } from "./policies.ts";
import type { Caller, PolicyUsage, QuotaControls, QuotaState } from "./types.ts";

/** Up to here a sliding window is kept in 32 bits, in memory; counters do not move between the two kinds. */
const COMPACT = 2 ** 31 - 1;
const WIDE = 2 ** 51;
const MOST_PLACES = 100_000;

/** Looks at the quotas of callers from outside, and resets them. */
export class Controls implements QuotaControls {
  readonly #meter: Meter;

  constructor(meter: Meter) {
    this.#meter = meter;
  }

  async usage(caller: Caller): Promise<readonly PolicyUsage[]> {
    return await Promise.all(
      this.#concerned(caller).map(([policy, counter]) => this.#usageOf(policy, counter, caller)),
    );
  }

  async reset(caller: Caller, policy?: string): Promise<readonly string[]> {
    const { policies } = this.#meter.settings;
    if (policy !== undefined && !policies.has(policy)) throw new QUOTA_UNKNOWN_POLICY();
    const concerned = this.#concerned(caller).filter(
      ([{ name, counts }]) => counts !== "runs" && (policy === undefined || name === policy),
    );
    const counters = concerned.flatMap(([metered, counter]) =>
      probesOf(metered, metered.possibleLimit).map((probe) => ({ policy: probe, ...counter })),
    );
    try {
      // One by one: the probes of a policy may share a counter, which a single call would refuse.
      await Promise.all(counters.map((counter) => this.#meter.limiter.reset([counter])));
    } catch {
      throw new QUOTA_UNAVAILABLE();
    }
    return concerned.map(([{ name }]) => name);
  }

  state(): QuotaState {
    const { degraded, queued, dropped } = this.#meter.limiter.state();
    const { openRuns, room } = this.#meter;
    return { open: openRuns.size, waiting: room?.size ?? 0, degraded, queued, dropped };
  }

  /** The policies that count by what is known of a caller; those of the server for nobody in particular. */
  #concerned(caller: Caller): [MeteredPolicy, Counter][] {
    const nobody = Object.keys(caller).length === 0;
    return [...this.#meter.settings.policies.values()].flatMap(
      (policy): [MeteredPolicy, Counter][] => {
        if (policy.ofServer !== nobody) return [];
        const counter = counterOf(policy.by, caller, undefined);
        return counter === undefined ? [] : [[policy, counter]];
      },
    );
  }

  async #usageOf(metered: MeteredPolicy, counter: Counter, caller: Caller): Promise<PolicyUsage> {
    const limit = await limitOf(metered, caller, undefined);
    let used = 0;
    let resetMs = 0;
    let degraded = false;
    let refuses = false;
    for (const probe of probesOf(metered, limit)) {
      const decision = await this.#meter.limiter.peek([{ policy: probe, ...counter, cost: 0 }]);
      const [verdict] = decision.verdicts;
      degraded ||= decision.degraded;
      if (verdict === undefined) continue;
      if (verdict.source === "closed") {
        // It counts nothing, and lets nobody in.
        refuses = true;
        continue;
      }
      used = Math.max(used, verdict.limit - verdict.remaining);
      resetMs = Math.max(resetMs, verdict.resetMs);
    }
    const limited = Number.isFinite(limit);
    return {
      policy: metered.name,
      counts: metered.counts,
      by: metered.by.map((part) => (typeof part === "function" ? "custom" : part)).join("+"),
      key: counter.key,
      used,
      limit: limited ? limit : null,
      remaining: limited ? Math.max(0, refuses ? 0 : limit - used) : null,
      resetMs,
      degraded,
    };
  }
}

/**
 * Policies that find a counter and leave room above its limit, so that debts show, and limits that have been
 * changed. What flows back steadily is measured by its own limit, and has no more than that to show.
 */
function probesOf(metered: MeteredPolicy, limit: number): Policy[] {
  const isOne = limit >= 1 && Number.isFinite(limit);
  const own = metered.policyFor(isOne ? limit : metered.possibleLimit);
  switch (own.kind) {
    case "gcra":
      return [own];
    case "concurrency":
      return [metered.policyFor(MOST_PLACES)];
    case "budget":
      return [metered.policyFor(WIDE)];
    case "strict-window":
      return typeof metered.limit === "number" && metered.limit <= COMPACT
        ? [metered.policyFor(COMPACT)]
        : [metered.policyFor(COMPACT), metered.policyFor(WIDE)];
  }
}
