import { validateHeaderName, validateHeaderValue } from "node:http";
import { fieldsOf } from "./exposure.ts";
import type { Failure } from "./failure.ts";
import type { Settings } from "./options.ts";
import type { AnyReply, Dialect, Problem } from "./types.ts";

/** What a handler may have said of the body that it did not come to send (RFC 9110, section 8). */
const REPRESENTATION = [
  "content-length",
  "content-encoding",
  "content-language",
  "content-location",
  "content-range",
  "content-disposition",
  "content-digest",
  "repr-digest",
  "accept-ranges",
  "etag",
  "last-modified",
] as const;

/** Puts a problem on a reply, and gives its body. */
export function putOn(
  reply: AnyReply,
  problem: Problem,
  dialect: Dialect,
  { cacheControl }: Settings,
  thrown?: unknown,
): string {
  for (const name of REPRESENTATION) reply.removeHeader(name);
  reply.code(problem.status);
  reply.header("content-type", dialect.contentType);
  if (cacheControl !== undefined && !brings(thrown, "cache-control")) {
    reply.header("cache-control", cacheControl);
  }
  removeUnsendable(reply);
  return JSON.stringify(dialect.body(problem));
}

/** Removes headers that Node will not write: one of them may be the error, and would be so again. */
function removeUnsendable(reply: AnyReply): void {
  for (const [name, value] of Object.entries<unknown>({ ...reply.getHeaders() })) {
    try {
      validateHeaderName(name);
      for (const one of [value].flat()) validateHeaderValue(name, String(one));
    } catch {
      reply.removeHeader(name);
    }
  }
}

/** Tells whether an error has a header of its own. */
function brings(thrown: unknown, name: string): boolean {
  return headerNames(thrown).some((own) => own.toLowerCase() === name);
}

/** Takes back the headers that Fastify copied from another server's answer. */
export function discardUpstreamHeaders(
  reply: AnyReply,
  thrown: unknown,
  { headers }: Failure,
): void {
  for (const name of headerNames(thrown)) {
    reply.removeHeader(name);
    const before = headers[name.toLowerCase()];
    if (before !== undefined) reply.header(name, before);
  }
}

function headerNames(thrown: unknown): string[] {
  const { headers } = fieldsOf(thrown);
  return typeof headers === "object" && headers !== null ? Object.keys(headers) : [];
}
