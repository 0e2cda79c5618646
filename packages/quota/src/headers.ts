import type { Policy, Verdict } from "@enfilade/limiter";
import {
  createRateHeaders,
  type HeaderDialect,
  type HeaderFields,
  putRateHeaders,
} from "@enfilade/limiter/http";
import type { FastifyReply } from "fastify";
import type { RunCharge } from "./charges.ts";
import type { MeteredPolicy } from "./policies.ts";
import type { RouteQuota } from "./route-quotas.ts";

/** Makes header fields of what a store has said. */
export type ToHeaders = (verdicts: readonly Verdict[]) => HeaderFields;

/** Prepares the headers of policies, without those that callers are not told of. */
export function headersOf(
  policies: readonly { readonly metered: MeteredPolicy; readonly policy: Policy }[],
  dialects: readonly HeaderDialect[],
): ToHeaders {
  const told = policies.filter(({ metered }) => metered.isTold);
  return createRateHeaders(
    told.map(({ metered, policy }) => metered.tell(policy)),
    dialects,
  );
}

/** Tells a caller what is left, on whatever it will be answered. */
export function putHeaders(
  reply: FastifyReply,
  { policies, toHeaders }: RouteQuota,
  charges: readonly RunCharge[],
  verdicts: readonly Verdict[],
  dialects: readonly HeaderDialect[],
): void {
  const prepared = charges.length === policies.length ? toHeaders : undefined;
  putRateHeaders(reply, (prepared ?? headersOf(charges, dialects))(verdicts));
}
