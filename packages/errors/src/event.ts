import { logCause } from "./answer.ts";
import { fieldsOf } from "./exposure.ts";
import { toProblem } from "./problem.ts";
import { circumstancesOf, dialectOf, settingsOf } from "./settings.ts";
import type { AnyRequest, ErrorEvent } from "./types.ts";

/**
 * Makes the event that tells a client of an error once its event stream has begun, when no status and no
 * body can say so any more. In the dialect of the request, with no more in it than an error response has;
 * an error that the client must not know is logged.
 *
 * @example
 * ```ts no-run
 * try {
 *   for await (const part of run) send(part);
 * } catch (error) {
 *   send(errorEvent(request, error));
 * }
 * ```
 */
export function errorEvent(request: AnyRequest, error: unknown): ErrorEvent {
  const settings = settingsOf(request.server);
  const status = fieldsOf(error).status ?? 500;
  const problem = toProblem(error, circumstancesOf(request, status, settings));
  // No error handler and no hook will see it: nobody else logs it. That a client has left is no failure.
  if (problem.status >= 500 && !hasLeft(request)) logCause(request, error, "a stream has failed");
  return dialectOf(request, settings).event(problem);
}

/**
 * Writes {@link errorEvent} as the bytes of an event stream.
 *
 * @example
 * ```ts no-run
 * async function* frames() {
 *   try {
 *     for await (const token of tokens) yield `data: ${JSON.stringify({ token })}\n\n`;
 *   } catch (error) {
 *     yield errorFrame(request, error);
 *   }
 * }
 * ```
 */
export function errorFrame(request: AnyRequest, error: unknown): string {
  const { event, data } = errorEvent(request, error);
  const name = event === undefined ? "" : `event: ${event}\n`;
  // JSON has no line break of its own.
  return `${name}data: ${JSON.stringify(data)}\n\n`;
}

/** A request whose body was read in full is not aborted: only its socket tells. */
function hasLeft({ raw, socket }: AnyRequest): boolean {
  return raw.aborted || socket?.destroyed === true;
}
