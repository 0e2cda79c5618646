import type { z } from "zod";

/** A refusal: a status, and a sentence for the caller. */
export class HttpError extends Error {
  override readonly name = "HttpError";
  readonly statusCode: number;

  constructor(statusCode: number, detail: string) {
    super(detail);
    this.statusCode = statusCode;
  }
}

/** Makes the 404 for a thing of some kind that is not there, or not the caller's: the two look alike. */
export function notFound(kind: "Agent" | "Run" | "Session" | "Database", id: string): HttpError {
  return new HttpError(404, `${kind} with ID ${id} not found`);
}

/**
 * Checks a value that a caller sent.
 *
 * @throws {HttpError} 422, with every problem in one sentence.
 */
export function parse<S extends z.ZodType>(schema: S, value: unknown): z.output<S> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map(({ path, message }) =>
    path.length > 0 ? `${path.join(".")}: ${message}` : message,
  );
  throw new HttpError(422, problems.join("; "));
}
