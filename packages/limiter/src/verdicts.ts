import type { Weighing } from "./algorithms/weighing.ts";
import type { ResolvedCharge } from "./store.ts";
import type { Decision, Verdict, VerdictSource } from "./types.ts";

/** Turns what the algorithms say, in microseconds, into a decision, in milliseconds. */
export function toDecision(
  charges: readonly ResolvedCharge[],
  weighings: readonly Weighing[],
  nowUs: number,
  admitted: boolean,
  source: VerdictSource = "store",
): Decision {
  const verdicts: Verdict[] = [];
  let retryAfterMs = 0;
  for (let i = 0; i < charges.length; i++) {
    const { policy, key } = charges[i] as ResolvedCharge;
    const weighing = weighings[i] as Weighing;
    const verdict: Verdict = {
      policy: policy.name,
      key,
      admitted: weighing.pass,
      limit: policy.capacity,
      remaining: admitted ? weighing.remaining - weighing.takes : weighing.remaining,
      resetMs: wholeMs(admitted ? weighing.resetAfterUs : weighing.resetUs),
      retryAfterMs: wholeMs(weighing.retryAfterUs),
      source,
    };
    if (verdict.retryAfterMs > retryAfterMs) retryAfterMs = verdict.retryAfterMs;
    verdicts.push(verdict);
  }
  return { admitted, retryAfterMs, verdicts, atMs: nowUs / 1_000, degraded: false };
}

/** One answer for all partitions: the verdicts in the order in which they were asked for. */
export function joinDecisions(
  charges: readonly ResolvedCharge[],
  groups: readonly (readonly ResolvedCharge[])[],
  decisions: readonly Decision[],
): Decision {
  const verdicts = new Map<ResolvedCharge, Verdict>();
  for (const [index, decision] of decisions.entries()) {
    for (const [at, verdict] of decision.verdicts.entries()) {
      const charge = groups[index]?.[at];
      if (charge !== undefined) verdicts.set(charge, verdict);
    }
  }
  const { admitted = true, retryAfterMs = 0, atMs = 0 } = decisions.at(-1) ?? {};
  return {
    admitted,
    retryAfterMs,
    verdicts: charges.flatMap((charge) => verdicts.get(charge) ?? []),
    atMs,
    degraded: decisions.some(({ degraded }) => degraded),
  };
}

/** Rounded up: a client that waits that long comes late enough. */
function wholeMs(us: number): number {
  return Math.ceil(us / 1_000);
}
