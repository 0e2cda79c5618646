import type { IncomingMessage } from "node:http";
import type { FastifyRequest } from "fastify";
import { AUTH_INVALID_REQUEST } from "./errors.ts";

const BEARER = /^bearer(?: +|$)/i;

/**
 * Gives the token of the `Authorization: Bearer` header, as it was sent, blanks at its end left out; `""`
 * when there is none after the scheme, `undefined` when the header is absent or of another scheme.
 *
 * @throws `AUTH_INVALID_REQUEST` when the header was sent twice: Node keeps the first, a proxy may have read
 * the other.
 */
export function bearerToken(request: FastifyRequest): string | undefined {
  const { authorization } = request.headers;
  if (authorization === undefined) return undefined;
  if (isRepeated(request.raw, "authorization")) {
    throw new AUTH_INVALID_REQUEST("The Authorization header was sent more than once.");
  }
  const scheme = BEARER.exec(authorization);
  return scheme === null ? undefined : authorization.slice(scheme[0].length).trimEnd();
}

/** Tells whether a header was sent more than once, which Node does not show for some of them. */
export function isRepeated(raw: IncomingMessage, name: string): boolean {
  const { rawHeaders } = raw;
  let seen = false;
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const header = rawHeaders[index] as string;
    if (header.length !== name.length || header.toLowerCase() !== name) continue;
    if (seen) return true;
    seen = true;
  }
  return false;
}

/**
 * Takes a parameter out of the query: out of `request.query`, and out of the URL, where its value becomes
 * `redacted`, so that what is logged, traced or forwarded from here on does not hold it. Fastify's own line
 * `incoming request` comes before every hook, and still does.
 *
 * @throws `AUTH_INVALID_REQUEST` when it was sent twice.
 */
export function takeQueryParameter(request: FastifyRequest, name: string): string | undefined {
  const query = request.query as Record<string, unknown> | undefined;
  const value = query?.[name];
  if (query === undefined || value === undefined) return undefined;
  delete query[name];
  const { raw } = request;
  const mark = raw.url?.indexOf("?") ?? -1;
  if (raw.url !== undefined && mark >= 0) {
    const kept = new URLSearchParams(raw.url.slice(mark + 1));
    kept.set(name, "redacted");
    raw.url = `${raw.url.slice(0, mark)}?${kept}`;
  }
  if (typeof value !== "string") {
    throw new AUTH_INVALID_REQUEST(`The parameter ${name} was sent more than once.`);
  }
  return value;
}

/** Gives a cookie by its name; `undefined` when it is absent. */
export function readCookie(request: FastifyRequest, name: string): string | undefined {
  const { cookie } = request.headers;
  if (cookie === undefined || !cookie.includes(name)) return undefined;
  for (const pair of cookie.split(";")) {
    const equals = pair.indexOf("=");
    if (equals < 0 || pair.slice(0, equals).trim() !== name) continue;
    const value = pair.slice(equals + 1).trim();
    return value.length > 1 && value.startsWith('"') && value.endsWith('"')
      ? value.slice(1, -1)
      : value;
  }
  return undefined;
}

/** Tells whether a request wants to become a WebSocket. */
export function isUpgrade(request: FastifyRequest): boolean {
  return request.headers.upgrade?.toLowerCase() === "websocket";
}

/**
 * Tells whether another site made the browser send this request with our cookies: one that changes
 * something, or opens a WebSocket, which the same-origin policy does not cover.
 */
export function isForged(request: FastifyRequest): boolean {
  const { method, headers } = request;
  const reads = method === "GET" || method === "HEAD" || method === "OPTIONS";
  if (reads && !isUpgrade(request)) return false;
  const site = headers["sec-fetch-site"];
  if (site !== undefined) return site === "cross-site";
  if (headers.origin === undefined) return false;
  // Without the newer header, as on a page that was not loaded over TLS: only our own origin counts.
  try {
    return new URL(headers.origin).host !== request.host;
  } catch {
    return true;
  }
}
