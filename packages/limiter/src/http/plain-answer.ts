import { STATUS_CODES } from "node:http";
import type { HeaderTarget } from "./rate-headers.ts";

/** The error of a refusal, as far as its answer is made of it. */
export interface ProblemError {
  readonly code: string;
  readonly message: string;
  readonly statusCode?: number | undefined;
  readonly problem: Readonly<Record<string, unknown>>;
}

/** The part of a Fastify request that an answer depends on. */
export interface AnsweredRequest {
  readonly method: string;
  readonly id: unknown;
}

/**
 * Gives what Fastify itself answers to an error the shape of problem details (RFC 9457), the same that
 * `@enfilade/errors` makes: for a layer that is registered without it. What anybody else has answered, an error
 * handler or a layer, stays as it is. To be called in `onSend`.
 *
 * @returns the payload in place of the one there is; `undefined` where that stays.
 * @example
 * ```ts
 * app.addHook("onSend", async (request, reply, payload) => answerPlain(request, reply, payload, refusal));
 * ```
 */
export function answerPlain(
  { method, id }: AnsweredRequest,
  reply: HeaderTarget,
  payload: unknown,
  error: ProblemError,
): string | undefined {
  const isHead = method === "HEAD" && isPlainHead(reply, payload, error);
  if (!isHead && !isPlainBody(payload, error)) return undefined;
  const body = problemBody(error, String(id));
  reply.header("content-type", "application/problem+json; charset=utf-8");
  reply.header("cache-control", "no-store");
  reply.header("content-length", String(Buffer.byteLength(body)));
  return isHead ? undefined : body;
}

function problemBody(error: ProblemError, requestId: string): string {
  const { code, message, statusCode: status = 500, problem } = error;
  const title = STATUS_CODES[status] ?? "Error";
  const own = { title, status, detail: message, code, requestId };
  return JSON.stringify({ type: "about:blank", ...problem, ...own });
}

function isPlainBody(payload: unknown, error: ProblemError): boolean {
  if (typeof payload !== "string" || !payload.startsWith("{")) return false;
  try {
    const body: Record<string, unknown> = JSON.parse(payload);
    return (
      body.code === error.code &&
      body.message === error.message &&
      body.statusCode === error.statusCode &&
      Object.keys(body).length === 4
    );
  } catch {
    return false;
  }
}

/** A HEAD route lets the body go before the layers of an arrangement see it: what is left is its length. */
function isPlainHead(
  reply: HeaderTarget,
  payload: unknown,
  { code, message, statusCode = 500 }: ProblemError,
): boolean {
  if (payload !== null && payload !== undefined) return false;
  const plain = { statusCode, code, error: STATUS_CODES[statusCode], message };
  return Number(reply.getHeader("content-length")) === Buffer.byteLength(JSON.stringify(plain));
}
