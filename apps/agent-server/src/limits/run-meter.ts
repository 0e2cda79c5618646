import type { RunQuota } from "@enfilade/quota";
import type { FastifyRequest } from "fastify";
import type { TokenUsage } from "../agents/agent.ts";
import { type RunMeter, unmetered } from "../runs/meter.ts";

/**
 * Begins a run at the cost of the request that asks for it: until the run has begun, whatever goes wrong gives back
 * what was reserved; from then on the run settles it when it ends, whoever has left in the meantime.
 */
export async function metered<T>(
  request: FastifyRequest,
  begin: (meter: RunMeter) => Promise<T>,
): Promise<T> {
  const quota = request.quota ?? undefined;
  if (quota === undefined) return begin(unmetered);
  try {
    return await begin(meterOf(quota.detach()));
  } catch (error) {
    await quota.cancel();
    throw error;
  }
}

function meterOf(quota: RunQuota): RunMeter {
  let counted = 0;
  return {
    signal: quota.signal,
    async use(usage) {
      const total = tokensOf(usage);
      const more = total - counted;
      // An agent that corrects its figure downwards is settled in the end.
      if (more <= 0) return;
      counted = total;
      await quota.charge({ tokens: more });
    },
    async settle(usage) {
      const { policies } = await quota.settle({ tokens: tokensOf(usage) });
      return policies
        .filter(({ counts }) => counts === "tokens")
        .map(({ policy, limit, remaining }) => ({ policy, limit, remaining }));
    },
  };
}

function tokensOf({ inputTokens, outputTokens }: TokenUsage): number {
  return inputTokens + outputTokens;
}
