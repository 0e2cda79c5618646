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

/** Rounded up: a client that waits that long comes late enough. */
function wholeMs(us: number): number {
  return Math.ceil(us / 1_000);
}
