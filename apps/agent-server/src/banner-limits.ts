import type { Config } from "./config.ts";

/** Says how much callers may do, and where that is counted. */
export function limitsOf({ limits, authMode }: Config): string {
  const { requestsPerMinute, tokensPerMinute, tokensPerDay, concurrentRuns, redisUrl } = limits;
  const each = authMode === "none" ? "address" : "caller";
  const count = (number: number): string => number.toLocaleString("en-US");
  const sentences = [
    ...(requestsPerMinute
      ? [`${count(requestsPerMinute)} requests a minute for each address`]
      : []),
    ...(concurrentRuns ? [`${count(concurrentRuns)} runs at once for each ${each}`] : []),
    ...(tokensPerMinute ? [`${count(tokensPerMinute)} tokens a minute for each ${each}`] : []),
    ...(tokensPerDay ? [`${count(tokensPerDay)} tokens a day for each ${each}`] : []),
  ];
  if (sentences.length === 0) return "None.";
  return `${sentences.join(", ")}; counted in ${redisUrl === undefined ? "this process" : "Redis"}.`;
}
