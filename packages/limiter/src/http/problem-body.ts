import { STATUS_CODES } from "node:http";

/** The error of a refusal, as far as its answer is made of it. */
export interface ProblemError {
  readonly code: string;
  readonly message: string;
  readonly statusCode?: number | undefined;
  readonly problem: Readonly<Record<string, unknown>>;
}

/** The content type of problem details. */
export const PROBLEM_TYPE = "application/problem+json; charset=utf-8";

/**
 * Makes problem details (RFC 9457) of an error, the same that `@enfilade/errors` makes: for a layer that is
 * registered without it.
 */
export function problemBody(error: ProblemError, requestId: string): string {
  const { code, message, statusCode: status = 500, problem } = error;
  const title = STATUS_CODES[status] ?? "Error";
  const own = { title, status, detail: message, code, requestId };
  return JSON.stringify({ type: "about:blank", ...problem, ...own });
}

/**
 * Tells whether a payload is what Fastify itself answers to an error: nobody else, no error handler and no
 * layer, has given it a shape.
 */
export function isPlainAnswer(payload: unknown, error: ProblemError): boolean {
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
