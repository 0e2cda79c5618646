import type { Verdict } from "@enfilade/limiter";
import type { RunCharge } from "./charges.ts";
import { isPlace } from "./charges.ts";
import type { PolicyStanding, Settlement, Usage } from "./types.ts";

/**
 * Says what a run has cost, and what its caller has left: what there was when it was admitted, less what it
 * has used beyond its estimate. What others have used since is not in it; asking the store would cost a
 * round trip at the end of every run.
 */
export function settlementOf(
  verdicts: readonly Verdict[],
  costs: ReadonlyMap<RunCharge, number>,
  usage: Usage,
): Settlement {
  const policies: PolicyStanding[] = [];
  for (const [charge, cost] of costs) {
    const { metered, policy } = charge;
    const verdict = verdicts.find(({ policy: name }) => name === policy.name);
    if (!metered.isTold || verdict === undefined) continue;
    const place = isPlace(charge);
    const remaining = verdict.remaining + charge.cost - (place ? 0 : cost);
    policies.push({
      policy: policy.name,
      counts: metered.counts,
      limit: verdict.limit,
      remaining: Math.min(verdict.limit, Math.max(0, remaining)),
      ...(!place && { resetMs: verdict.resetMs }),
    });
  }
  return { usage, policies };
}

/** One event of an event stream. */
export interface UsageEvent {
  readonly event: "usage";
  readonly data: Settlement;
}

/** Makes the event that ends a stream with what it has cost: headers went out long before that was known. */
export function usageEvent(settlement: Settlement): UsageEvent {
  return { event: "usage", data: settlement };
}

/**
 * Makes the same event as a frame of `text/event-stream`.
 *
 * @example
 * ```ts
 * const settlement = await request.quota.settle({ tokens: 312 });
 * reply.raw.end(usageFrame(settlement));
 * ```
 */
export function usageFrame(settlement: Settlement): string {
  const { event, data } = usageEvent(settlement);
  return `event: ${event}\ndata: ${JSON.stringify(data)}\n\n`;
}
