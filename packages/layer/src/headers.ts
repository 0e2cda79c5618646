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
  status: unknown,
  second: unknown,
  third: unknown,
): void {
  const ownReply = exchange.announced && !exchange.reply.sent;
  if (ownReply && typeof second === "object" && third === undefined) {
    // Fastify passes the reply's own header object: what the steps set is in it.
    if (exchange.endings.onHeaders.length > 0) {
      raw.statusCode = Number(status);
      runHeaderSteps(exchange);
    }
    exchange.writeHead.call(raw, status, second);
    return;
  }
  // `writeHead(status[, message][, headers])`
  const [message, headers] =
    typeof second === "object" && second !== null ? [undefined, second] : [second, third];
  // What the steps look at; whoever writes to the connection may name it here for the first time.
  raw.statusCode = Number(status);
  if (headers !== undefined && headers !== null) setHeaders(raw, headers);
  runHeaderSteps(exchange);
  if (ownReply) copyReplyHeaders(exchange, raw);
  else addReplyHeaders(exchange, raw);
  if (message === undefined) exchange.writeHead.call(raw, status);
  else exchange.writeHead.call(raw, status, message);
}

function runHeaderSteps({ request, reply, endings }: Exchange): void {
  for (const step of endings.onHeaders) {
    try {
      step.run.call(request.server, request, reply);
    } catch (error) {
      // The headers must go out: one that could not be made is missed, the response is not.
      logFailure(request, "onHeaders", error);
    }
  }
}

/** For a stream Fastify copies the reply's headers before the steps run: copies what they have changed. */
function copyReplyHeaders(exchange: Exchange, raw: ServerResponse): void {
  for (const [name, value] of Object.entries(exchange.reply.getHeaders())) {
    if (value !== undefined && raw.getHeader(name) !== value) setHeader(exchange, raw, name, value);
  }
}

/** Adds the reply's headers to a response that somebody writes by hand; what they set there stays. */
function addReplyHeaders(exchange: Exchange, raw: ServerResponse): void {
  const set = (name: string, value: OutgoingHttpHeader) => setHeader(exchange, raw, name, value);
  for (const [name, value] of Object.entries(exchange.reply.getHeaders())) {
    const written = raw.getHeader(name);
    if (value === undefined || written === value) continue;
    if (written === undefined) {
      if (!FRAMING.has(name)) set(name, value);
    } else if (name === "set-cookie") {
      set(name, [...new Set([...valuesOf(written), ...valuesOf(value)])]);
    } else if (name === "vary") {
      set(name, joinTokens([...valuesOf(written), ...valuesOf(value)]));
    }
  }
}

/**
 * Sets a header of the reply, or leaves it out and logs why it cannot be sent. Fastify writes the head once
 * more, without headers, when one of them was refused; failing that again would end the process.
 */
function setHeader(
  { request }: Exchange,
  raw: ServerResponse,
  name: string,
  value: OutgoingHttpHeader,
): void {
  try {
    raw.setHeader(name, value);
  } catch (error) {
    logFailure(request, "onHeaders", error);
  }
}

function valuesOf(value: OutgoingHttpHeader): string[] {
  return [value].flat().map(String);
}

/** One field for all: a cache that does not see what a layer's answer depends on would hand it to others. */
function joinTokens(fields: readonly string[]): string {
  const tokens = fields.flatMap((field) => field.split(",")).map((token) => token.trim());
  return [...new Map(tokens.map((token) => [token.toLowerCase(), token])).values()].join(", ");
}

/** Sets headers given in any of the forms that `writeHead` takes: an object, pairs, or a flat list. */
function setHeaders(raw: ServerResponse, headers: unknown): void {
  const seen = new Set<string>();
  for (const [name, value] of pairsOf(headers)) {
    const key = name.toLowerCase();
    if (seen.has(key)) raw.appendHeader(name, Array.isArray(value) ? value : String(value));
    else raw.setHeader(name, value);
    seen.add(key);
  }
}

type Pair = readonly [name: string, value: OutgoingHttpHeader];

function pairsOf(headers: unknown): readonly Pair[] {
  if (!Array.isArray(headers)) return Object.entries(headers as Record<string, OutgoingHttpHeader>);
  if (Array.isArray(headers[0])) return headers;
  if (headers.length % 2 !== 0)
    throw new TypeError("The list of headers has a name without a value");
  return headers.flatMap((name, at) => (at % 2 === 0 ? [[name, headers[at + 1]] as const] : []));
}
