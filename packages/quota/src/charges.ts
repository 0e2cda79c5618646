import type { Charge, Policy } from "@enfilade/limiter";
import type { FastifyRequest } from "fastify";
import { counterOf } from "./caller.ts";
import { QUOTA_NOT_GRANTED } from "./errors.ts";
import { limitOf, type MeteredPolicy } from "./policies.ts";
import type { Caller, Usage } from "./types.ts";

/** What one policy is charged for a run. */
export interface RunCharge {
  readonly metered: MeteredPolicy;
  readonly policy: Policy;
  readonly key: string;
  readonly partition: string;
  readonly cost: number;
}

/**
 * Works out what a request is to be charged. Policies without a limit for this caller, and those that do not
 * concern it, are left out.
 *
 * @throws `QUOTA_NOT_GRANTED`, `QUOTA_INVALID_KEY`, `QUOTA_INVALID_LIMIT`
 */
export async function chargesFor(
  policies: readonly MeteredPolicy[],
  estimate: Usage,
  caller: Caller,
  request: FastifyRequest,
): Promise<RunCharge[]> {
  const charges: RunCharge[] = [];
  for (const metered of policies) {
    const counter = counterOf(metered.by, caller, request);
    if (counter === undefined) continue;
    const limit =
      typeof metered.limit === "number" ? metered.limit : await limitOf(metered, caller, request);
    if (limit === Number.POSITIVE_INFINITY) continue;
    if (limit === 0) throw new QUOTA_NOT_GRANTED();
    const cost = estimate[metered.counts] ?? 1;
    charges.push({ metered, policy: metered.policyFor(limit), ...counter, cost });
  }
  return charges;
}

/** Puts charges in the limiter's words. */
export function toCharges(charges: readonly RunCharge[]): Charge[] {
  return charges.map(({ policy, key, partition, cost }) => ({ policy, key, partition, cost }));
}

/** Tells whether a charge holds a place, and is not counted over time. */
export function isPlace({ policy }: RunCharge): boolean {
  return policy.kind === "concurrency";
}
