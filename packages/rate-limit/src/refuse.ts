import type { Decision } from "@enfilade/limiter";
import { answerPlain, type ProblemError, refusalOf } from "@enfilade/limiter/http";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import {
  RATE_LIMIT_BANNED,
  RATE_LIMIT_COST_TOO_LARGE,
  RATE_LIMIT_EXCEEDED,
  RATE_LIMIT_TOO_MANY_FAILURES,
  RATE_LIMIT_UNAVAILABLE,
} from "./errors.ts";

const kRefused: unique symbol = Symbol.for("enfilade.rate-limit.refused");

type Refused = FastifyRequest & { [kRefused]?: ProblemError | null };

/** Why somebody is refused, where the decision alone does not say it. */
export type Reason = "limit" | "ban" | "failures";

/** Makes room on requests for what they were refused with. */
export function decorateRefused(app: FastifyInstance): void {
  if (!app.hasRequestDecorator(kRefused)) app.decorateRequest(kRefused, null);
}

/**
 * Makes the error of a decision that did not admit a request, and tells the client when to come again. The
 * error goes through whatever handles errors; where nothing does, `answerRefused` gives it its shape.
 */
export function refusal(
  request: Refused,
  reply: FastifyReply,
  decision: Decision,
  reason: Reason = "limit",
): Error {
  const isClosed = decision.verdicts.some(({ source }) => source === "closed");
  const { kind, headers, problem } = refusalOf(decision, { busy: isClosed });
  const wait = spell(decision.retryAfterMs);
  const error = Object.assign(errorOf(reason, kind, wait), { problem });
  reply.headers(headers);
  request[kRefused] = error;
  return error;
}

function errorOf(reason: Reason, kind: "later" | "never" | "busy", wait: string) {
  if (kind === "never") return new RATE_LIMIT_COST_TOO_LARGE();
  // It is the server's fault, and the client may know of it.
  if (kind === "busy") return Object.assign(new RATE_LIMIT_UNAVAILABLE(wait), { expose: true });
  if (reason === "ban") return new RATE_LIMIT_BANNED();
  return reason === "failures"
    ? new RATE_LIMIT_TOO_MANY_FAILURES(wait)
    : new RATE_LIMIT_EXCEEDED(wait);
}

/** Gives what Fastify itself answers to a refusal the shape of problem details. */
export function answerRefused(
  request: Refused,
  reply: FastifyReply,
  payload: unknown,
): string | undefined {
  const error = request[kRefused];
  return error ? answerPlain(request, reply, payload, error) : undefined;
}

const UNITS = [
  ["hour", 3_600],
  ["minute", 60],
] as const;

/** Says a time in words, rounded up. */
function spell(ms: number): string {
  const seconds = Math.max(1, Math.ceil(ms / 1_000));
  const [unit, length] = UNITS.find(([, length]) => seconds >= 2 * length) ?? ["second", 1];
  const count = Math.ceil(seconds / length);
  return `${count} ${unit}${count === 1 ? "" : "s"}`;
}
