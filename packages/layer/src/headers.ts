import type { OutgoingHttpHeader, ServerResponse } from "node:http";
import type { Exchange } from "./exchange.ts";
import { logFailure } from "./failures.ts";

/** Headers that describe the body of a reply, not of whatever somebody writes to the connection instead. */
const FRAMING: ReadonlySet<string> = new Set(["content-length", "transfer-encoding"]);

/**
 * Runs the `onHeaders` steps and writes the head of a response with every header that the layers set
 * on the reply. Fastify forgets those when a handler hijacks the reply or writes to `reply.raw`.
 */
export function writeLayeredHead(
  exchange: Exchange,
  raw: ServerResponse,
  args: unknown[],
): ServerResponse {
  const [status, message, headers] = readArguments(args);
  // What the steps look at; whoever writes to the connection may name it here for the first time.
  raw.statusCode = Number(status);
  if (exchange.sending && headers !== undefined) {
    // Fastify passes the reply's own header object: what the steps set is in it.
    runHeaderSteps(exchange);
    return Reflect.apply(exchange.writeHead, raw, args);
  }
  if (headers !== undefined) setHeaders(raw, headers);
  const shared = raw.getHeaderNames().filter((name) => exchange.reply.hasHeader(name));
  runHeaderSteps(exchange);
  mergeReplyHeaders(exchange, raw, shared);
  return Reflect.apply(
    exchange.writeHead,
    raw,
    message === undefined ? [status] : [status, message],
  );
}

/** Sorts out `writeHead(status[, message][, headers])`. */
function readArguments(args: unknown[]): [status: unknown, message: unknown, headers: unknown] {
  const [status, second, third] = args;
  return typeof second === "object" && second !== null
    ? [status, undefined, second]
    : [status, second, third ?? undefined];
}

function runHeaderSteps({ request, reply, endings }: Exchange): void {
  for (const step of endings.onHeaders) {
    try {
      step.run(request, reply);
    } catch (error) {
      // The headers must go out: one that could not be made is missed, the response is not.
      logFailure(request, "onHeaders", error);
    }
  }
}

/**
 * Brings the reply's headers over to the response. A reply that Fastify sends has the last word (its
 * headers were copied before the steps ran); whoever writes to the connection keeps what they set.
 */
function mergeReplyHeaders(
  { reply, sending }: Exchange,
  raw: ServerResponse,
  shared: readonly string[],
): void {
  for (const [name, value] of Object.entries(reply.getHeaders())) {
    if (value === undefined) continue;
    if (sending ? raw.getHeader(name) !== value : !raw.hasHeader(name) && !FRAMING.has(name)) {
      raw.setHeader(name, value);
    }
  }
  if (!sending) return;
  for (const name of shared) {
    if (!reply.hasHeader(name)) raw.removeHeader(name);
  }
}

/** Sets headers given in any of the forms that `writeHead` takes: an object, pairs, or a flat list. */
function setHeaders(raw: ServerResponse, headers: unknown): void {
  if (!Array.isArray(headers)) {
    for (const [name, value] of Object.entries(headers as Record<string, OutgoingHttpHeader>)) {
      raw.setHeader(name, value);
    }
    return;
  }
  const flat: OutgoingHttpHeader[] = headers.flat();
  const seen = new Set<string>();
  for (let index = 0; index + 1 < flat.length; index += 2) {
    const name = String(flat[index]);
    const value = flat[index + 1] ?? "";
    if (seen.has(name.toLowerCase())) {
      raw.appendHeader(name, Array.isArray(value) ? value : String(value));
    } else {
      raw.setHeader(name, value);
    }
    seen.add(name.toLowerCase());
  }
}
