import type { Decision, Verdict } from "@enfilade/limiter";
import { type ProblemError, refusalOf, retryHeaders } from "@enfilade/limiter/http";
import type { FastifyReply } from "fastify";
import type { RunCharge } from "./charges.ts";
import { QUOTA_BUSY, QUOTA_EXCEEDED, QUOTA_NEVER_FITS } from "./errors.ts";
import { nothingLeft, tooMuch } from "./words.ts";

/** An error that refuses a request, and what its answer says beside it. */
export type QuotaRefusal = Error & ProblemError;

/** Makes the error of a decision that did not admit a run, and tells when to come again. */
export function refuse(
  reply: FastifyReply,
  charges: readonly RunCharge[],
  decision: Decision,
): QuotaRefusal {
  const isTold = (name: string) =>
    charges.some(({ metered }) => metered.name === name && metered.isTold);
  const { kind, headers, problem } = refusalOf(decision, {
    isTold,
    busy: isServers(charges, decision.verdicts),
  });
  reply.headers(headers);
  const { verdicts } = decision;
  if (kind === "never") return told(new QUOTA_NEVER_FITS(tooMuch(verdicts, isTold)), problem);
  if (kind === "busy") return told(new QUOTA_BUSY(), problem, true);
  return told(new QUOTA_EXCEEDED(nothingLeft(verdicts, isTold)), problem);
}

/** Makes the error for a queue in which nobody has room. */
export function refuseFull(reply: FastifyReply, retryAfterMs: number): QuotaRefusal {
  reply.headers(retryHeaders(retryAfterMs));
  const { problem } = refusalOf({ verdicts: [], retryAfterMs }, { busy: true });
  return told(new QUOTA_BUSY(), problem, true);
}

/** Tells whether it is not the caller who has used up what is missing. */
function isServers(charges: readonly RunCharge[], verdicts: readonly Verdict[]): boolean {
  const refused = verdicts.filter(({ admitted }) => !admitted);
  return (
    refused.length > 0 &&
    refused.every(({ policy, source }) => {
      const own = charges.find(({ metered }) => metered.name === policy);
      return source === "closed" || own?.metered.ofServer === true;
    })
  );
}

/** `expose` lets the words of a 503 out, which are nothing internal. */
function told(
  error: Error & { code: string; statusCode?: number },
  problem: QuotaRefusal["problem"],
  expose = false,
): QuotaRefusal {
  return Object.assign(error, { problem, ...(expose && { expose }) });
}
