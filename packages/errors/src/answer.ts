import { STATUS_CODES } from "node:http";
import type { FastifyReply, FastifyRequest } from "fastify";
import { discardUpstreamHeaders, putOn } from "./envelope.ts";
import { fieldsOf } from "./exposure.ts";
import type { Failure } from "./failure.ts";
import { allowedMethods } from "./not-found.ts";
import type { Settings } from "./options.ts";
import { plainProblem, toProblem } from "./problem.ts";
import { circumstancesOf, dialectOf, settingsOf } from "./settings.ts";
import type { AnyRequest } from "./types.ts";

/** Makes the body for an error that every handler has passed on, and logs what it does not say. */
export function answerFailure(
  request: FastifyRequest,
  reply: FastifyReply,
  failure: Failure,
): string {
  const settings = settingsOf(request.server);
  const error = failure.sent;
  const problem = toProblem(error, circumstancesOf(request, reply.statusCode, settings));
  const { upstream } = fieldsOf(error);
  if (upstream) discardUpstreamHeaders(reply, error, failure);
  if (problem.status >= 500 && isLeftToLog(request, reply, settings)) {
    logCause(request, error, problem.detail);
  }
  return putOn(reply, problem, dialectOf(request, settings), settings, error);
}

/** Tells whether Fastify has said nothing of an error, or too little: another server's 401 it takes for its own. */
function isLeftToLog(
  request: FastifyRequest,
  { statusCode }: FastifyReply,
  { isSilent }: Settings,
): boolean {
  return isSilent !== undefined && (statusCode < 500 || isSilent(request));
}

/** Makes the body for a path, or a method, that has no route. */
export function answerNotFound(request: FastifyRequest, reply: FastifyReply): string {
  const settings = settingsOf(request.server);
  const allowed = settings.methodNotAllowed ? allowedMethods(request) : [];
  const dialect = dialectOf(request, settings);
  if (allowed.length === 0) {
    return putOn(
      reply,
      toProblem(undefined, circumstancesOf(request, 404, settings)),
      dialect,
      settings,
    );
  }
  const allow = allowed.join(", ");
  reply.header("allow", allow);
  const words = { code: "METHOD_NOT_ALLOWED", detail: `This path takes ${allow}.` };
  const problem = plainProblem(words, circumstancesOf(request, 405, settings));
  return putOn(reply, problem, dialect, settings);
}

/** Makes the body for an error that nothing is known of but the status of its answer. */
export function answerUnseen(request: FastifyRequest, reply: FastifyReply): string {
  const settings = settingsOf(request.server);
  const problem = toProblem(undefined, circumstancesOf(request, reply.statusCode, settings));
  return putOn(reply, problem, dialectOf(request, settings), settings);
}

/**
 * Answers where an `onSend` hook has failed on the error as well: Fastify then writes a body of its own, with
 * the message of that failure, past all hooks, to the connection.
 */
export function answerPastHooks(
  request: FastifyRequest,
  reply: FastifyReply,
  failure: Failure,
  error: unknown,
): void {
  const settings = settingsOf(request.server);
  const dialect = dialectOf(request, settings);
  const problem = toProblem(undefined, circumstancesOf(request, 500, settings));
  const text = putOn(reply, problem, dialect, settings);
  failure.lastResort = { length: Buffer.byteLength(text) };
  logCause(request, error, "an error could not be sent");
  const { raw } = reply;
  const { end } = raw;
  raw.end = function endWithProblem(): typeof raw {
    raw.end = end;
    return Reflect.apply(end, raw, [text]);
  };
}

/** Logs the real error. */
export function logCause(request: Pick<AnyRequest, "log">, error: unknown, message: string): void {
  request.log.error({ err: error }, message);
}

/**
 * Tells whether a body is the one that Fastify makes of an error, where no hook was told of that error: a
 * hook that fails in `onError` keeps the others from running.
 */
export function isFastifysOwn(reply: FastifyReply, payload: unknown): boolean {
  if (typeof payload !== "string") return false;
  // It alone sets the length before the hooks have run.
  if (Number(reply.getHeader("content-length")) !== Buffer.byteLength(payload)) return false;
  try {
    const body: unknown = JSON.parse(payload);
    const { statusCode, error, message } = Object(body) as Record<string, unknown>;
    const phrase = STATUS_CODES[reply.statusCode];
    return statusCode === reply.statusCode && error === phrase && typeof message === "string";
  } catch {
    return false;
  }
}
