import type { Store } from "@enfilade/limiter";
import type { QuotaOptions, QuotaPolicyOptions } from "@enfilade/quota";
import type { Limits } from "../config/limits.ts";
import { estimateTokens } from "./estimate.ts";

/** The most tokens that an estimate may be where nothing limits them. */
const unlimited = 2 ** 40;

/** Says what runs are charged, by principal or by address; nothing where nothing is limited. */
export function quotaOptions(
  { tokensPerMinute, tokensPerDay, concurrentRuns }: Limits,
  by: "principal" | "address",
  store: Store,
): QuotaOptions | undefined {
  const tokens = { counts: "tokens", by } as const;
  const policies: Record<string, QuotaPolicyOptions> = {
    ...(tokensPerMinute && {
      "tokens-per-minute": { ...tokens, limit: tokensPerMinute, per: "minute" },
    }),
    ...(tokensPerDay && { "tokens-per-day": { ...tokens, limit: tokensPerDay, per: "day" } }),
    ...(concurrentRuns && { "runs-at-once": { counts: "runs", by, limit: concurrentRuns } }),
  };
  if (Object.keys(policies).length === 0) return undefined;
  const smallest = Math.min(tokensPerMinute ?? unlimited, tokensPerDay ?? unlimited);
  return {
    policies,
    store,
    estimate: (request) => ({ tokens: estimateTokens(request, smallest) }),
  };
}
