import type { Verdict } from "../types.ts";
import { type ToldPolicy, verdictOn } from "./told-policy.ts";

interface Told {
  readonly told: ToldPolicy;
  readonly verdict: Verdict;
}

/** `x-ratelimit-limit`, `-remaining` and `-reset` in seconds, of the policy that is nearest to its end. */
export function legacyHeaders(
  policies: readonly ToldPolicy[],
  verdicts: readonly Verdict[],
  fields: Record<string, string>,
): void {
  const tightest = tightestOf(policies, verdicts);
  if (tightest === undefined) return;
  const { limit, remaining, resetMs } = tightest.verdict;
  fields["x-ratelimit-limit"] = String(limit);
  fields["x-ratelimit-remaining"] = String(remaining);
  // Clients take it for `Retry-After` where there is none, and would come back with what never fits.
  if (verdicts.some(({ retryAfterMs }) => retryAfterMs === Number.POSITIVE_INFINITY)) return;
  fields["x-ratelimit-reset"] = String(Math.ceil(resetMs / 1_000));
}

/** OpenAI's six fields, for requests and for tokens, as far as there are policies over them. */
export function openAiHeaders(
  policies: readonly ToldPolicy[],
  verdicts: readonly Verdict[],
  fields: Record<string, string>,
): void {
  for (const unit of ["requests", "tokens"]) {
    const tightest = tightestOf(
      policies.filter((told) => told.unit === unit),
      verdicts,
    );
    if (tightest === undefined) continue;
    const { limit, remaining, resetMs } = tightest.verdict;
    fields[`x-ratelimit-limit-${unit}`] = String(limit);
    fields[`x-ratelimit-remaining-${unit}`] = String(remaining);
    fields[`x-ratelimit-reset-${unit}`] = spelled(resetMs);
  }
}

/** The policy that has refused, else the one with the smallest part of it left; windows before slots. */
function tightestOf(
  policies: readonly ToldPolicy[],
  verdicts: readonly Verdict[],
): Told | undefined {
  let tightest: Told | undefined;
  for (const told of policies) {
    if (told.policy.kind === "concurrency") continue;
    const verdict = verdictOn(told.policy.name, verdicts);
    if (verdict === undefined) continue;
    if (tightest === undefined || tightness(verdict) < tightness(tightest.verdict)) {
      tightest = { told, verdict };
    }
  }
  return tightest;
}

function tightness({ admitted, remaining, limit }: Verdict): number {
  return admitted ? remaining / limit : -1;
}

/** A length of time as OpenAI's API spells it: `120ms`, `8.64s`, `6m0s`, `1h0m0s`. */
function spelled(ms: number): string {
  if (ms < 1_000) return `${ms}ms`;
  const seconds = (ms % 60_000) / 1_000;
  if (ms < 60_000) return `${seconds}s`;
  const minutes = Math.floor(ms / 60_000);
  const hours = Math.floor(minutes / 60);
  return hours === 0 ? `${minutes}m${seconds}s` : `${hours}h${minutes % 60}m${seconds}s`;
}
