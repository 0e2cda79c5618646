import type { FastifyRequest } from "fastify";
import { TRUSTED_HOST_MALFORMED } from "./errors.ts";
import { parseForwarded } from "./forwarded.ts";
import { rememberHosts } from "./host.ts";
import type { Host } from "./types.ts";

/** Finds the one host that a request is for. */
export type ReadHost = (request: FastifyRequest) => Host;

/**
 * Creates a reader that gives what `request.host` says, once everything that could say something else has been
 * seen to agree; what is missing, malformed or ambiguous it refuses by `TRUSTED_HOST_MALFORMED`.
 */
export function createHostReader(readsForwarded: boolean): ReadHost {
  const parseHost = rememberHosts();
  const parse = (text: string): Host => {
    const host = parseHost(text);
    if (host === undefined) throw malformed(text);
    return host;
  };
  return (request) => {
    const own = ownHost(request, parse);
    if (readsForwarded) adoptForwarded(request);
    const effective = request.host;
    // Fastify has looked whether the peer may say so.
    return own !== undefined && effective === own.text ? own.host : parse(effective);
  };
}

/** Reads a host, or refuses the request. */
type Parse = (text: string) => Host;

interface OwnHost {
  readonly text: string;
  readonly host: Host;
}

/** What the request says by itself. An HTTP/1.0 request may say nothing. */
function ownHost({ raw, originalUrl }: FastifyRequest, parse: Parse): OwnHost | undefined {
  const { host: field, ":authority": authority } = raw.headers;
  if (countHosts(raw.rawHeaders) > 1) throw malformed(field);
  const text = typeof authority === "string" ? authority : field;
  if (text === undefined) {
    const isOld = raw.httpVersionMajor === 1 && raw.httpVersionMinor === 0;
    if (isOld && originalUrl.startsWith("/")) return undefined;
    throw malformed(text);
  }
  const host = parse(text);
  // RFC 9113, section 8.3.1.
  if (field !== undefined && field !== text && !isSame(parse(field), host)) throw malformed(field);
  if (!originalUrl.startsWith("/")) assertSameTarget(originalUrl, host, parse);
  return { text, host };
}

/** Node keeps the first of several `Host` fields; whoever is in front of it may have read the last. */
function countHosts(rawHeaders: readonly string[]): number {
  let count = 0;
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index];
    if (name?.length === 4 && name.toLowerCase() === "host") count += 1;
  }
  return count;
}

/** A target in absolute form has a host of its own, which counts more than the field (RFC 9112, section 3.2.2). */
function assertSameTarget(target: string, host: Host, parse: Parse): void {
  if (target === "*") return;
  const [, scheme, authority] = /^(https?):\/\/([^/?#]*)/i.exec(target) ?? [];
  if (scheme === undefined || authority === undefined) throw malformed(target);
  const usual = scheme.toLowerCase() === "https" ? 443 : 80;
  if (!isSame(parse(authority), host, usual)) throw malformed(target);
}

function isSame(one: Host, other: Host, usual?: number): boolean {
  return one.hostname === other.hostname && (one.port ?? usual) === (other.port ?? usual);
}

/**
 * Puts what a trusted proxy says in `Forwarded` where Fastify looks for it, so that `request.host`, `hostname`
 * and `protocol` agree with what was checked.
 */
function adoptForwarded(request: FastifyRequest): void {
  const { headers } = request.raw;
  if (headers.forwarded === undefined || !trustsPeer(request)) return;
  const forwarded = parseForwarded(headers.forwarded);
  if (forwarded === undefined) throw malformed(headers.forwarded);
  adopt(headers, "x-forwarded-host", forwarded.host);
  const proto = forwarded.proto?.toLowerCase();
  if (proto === "http" || proto === "https") adopt(headers, "x-forwarded-proto", proto);
}

function adopt(headers: Record<string, unknown>, name: string, value: string | undefined): void {
  if (value === undefined) return;
  const present = headers[name];
  if (present !== undefined && present !== value) throw malformed(value);
  headers[name] = value;
}

const PROBE = "probe.invalid";
const PROBE_HEADERS = { headers: { value: { "x-forwarded-host": PROBE } } };

/** Asks Fastify whether it takes the peer's word: no other question to it shows what `trustProxy` decides. */
function trustsPeer(request: FastifyRequest): boolean {
  return (Object.create(request, PROBE_HEADERS) as FastifyRequest).host === PROBE;
}

/** Enough to see in the log what was meant. */
const MAX_LOGGED = 200;

/** Makes the refusal, with what was received for the log; clients are not told. */
function malformed(received: string | undefined): Error {
  return Object.assign(new TRUSTED_HOST_MALFORMED(), { host: received?.slice(0, MAX_LOGGED) });
}
