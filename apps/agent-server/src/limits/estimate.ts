import type { FastifyRequest } from "fastify";
import { countTokens } from "../agents/tokens.ts";

/** What an answer takes, as a rule. */
const answerTokens = 512;

/**
 * Foresees how many tokens a run will use: those of its message, and of an answer.
 *
 * An answer's share is cut to what fits into the limit, so that a small limit lets one run in at a time instead of
 * none. A message's is not: one that is over the limit never fits, and its sender shall hear that.
 */
export function estimateTokens(request: FastifyRequest, limit: number): number {
  const asked = messageTokens(request);
  return Math.max(asked, Math.min(asked + answerTokens, limit));
}

function messageTokens({ body, headers }: FastifyRequest): number {
  const message = (body as { message?: unknown } | null | undefined)?.message;
  if (typeof message === "string") return Math.max(1, countTokens(message));
  // A form with files is read by the handler. Of what it holds nobody knows yet how much is message.
  return Math.max(1, Math.min(Math.ceil(Number(headers["content-length"] ?? 0) / 4), answerTokens));
}
