import { onAuthenticationFailure } from "@enfilade/auth";
import type { Decision, Limiter, StrictWindowPolicy } from "@enfilade/limiter";
import {
  createRateHeaders,
  type HeaderDialect,
  putRateHeaders,
  tellPolicy,
} from "@enfilade/limiter/http";
import type { FastifyInstance, FastifyRequest } from "fastify";
import type { IsAllowed } from "./allow-list.ts";
import { refusal } from "./refuse.ts";

/** What is needed to count failures. */
export interface FailureParts {
  readonly policy: StrictWindowPolicy;
  readonly space: string;
  readonly limiter: Limiter;
  readonly addressOf: (request: FastifyRequest) => string;
  readonly isAllowed: IsAllowed | undefined;
  readonly dialects: readonly HeaderDialect[];
}

/**
 * Counts failed authentications by address, and answers in place of their refusals once there were too many.
 *
 * It is asked after the credentials were checked: whoever has good ones is let in, whoever else may sit
 * behind the same address. Trying costs the same as before, and the address limit bounds how often.
 */
export function throttleFailures(app: FastifyInstance, parts: FailureParts): void {
  const { policy, space, limiter, addressOf, isAllowed, dialects } = parts;
  const toHeaders = createRateHeaders([tellPolicy(policy, "failures")], dialects);
  onAuthenticationFailure(app, async ({ request, reply }) => {
    const address = addressOf(request);
    if ((await isAllowed?.(request, address)) === true) return undefined;
    const decision = await limiter.decide([{ policy, key: `failures ${space} ${address}` }]);
    return decision.admitted ? undefined : answer(decision);

    function answer(refused: Decision): Error {
      putRateHeaders(reply, toHeaders(refused.verdicts));
      return refusal(request, reply, refused, "failures");
    }
  });
}
