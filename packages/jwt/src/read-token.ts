import {
  AUTH_INVALID_REQUEST,
  bearerToken,
  isForged,
  isUpgrade,
  readCookie,
  takeQueryParameter,
} from "@enfilade/auth";
import type { FastifyRequest } from "fastify";

/** Where a token may come from. */
export type TokenSource = "header" | "cookie" | "subprotocol" | "query";

/** What each source is called. */
export interface SourceNames {
  readonly sources: readonly TokenSource[];
  readonly cookie: string;
  readonly crossSite: boolean;
  readonly subprotocol: string;
  readonly query: string;
}

/**
 * Finds the token of a request: in the first source that has one, which then decides, however bad it is.
 *
 * @throws `AUTH_INVALID_REQUEST` when it was sent twice.
 */
export function readToken(request: FastifyRequest, names: SourceNames): string | undefined {
  const { sources } = names;
  // The way of nearly every request, without a loop.
  if (sources.length === 1 && sources[0] === "header") return bearerToken(request);
  // Taken out of the URL and of the protocols even when another source decides.
  const inQuery = sources.includes("query") ? fromQuery(request, names.query) : undefined;
  const inProtocol = sources.includes("subprotocol")
    ? fromSubprotocol(request, names.subprotocol)
    : undefined;
  const inHeader = sources.includes("header") ? bearerToken(request) : undefined;
  // RFC 6750, section 2: one way for each request. A cookie is different: the browser adds it to everything.
  if (
    Number(inHeader !== undefined) +
      Number(inQuery !== undefined) +
      Number(inProtocol !== undefined) >
    1
  ) {
    throw new AUTH_INVALID_REQUEST("The token was sent in more than one way.");
  }
  for (const source of sources) {
    const token =
      source === "cookie"
        ? fromCookie(request, names)
        : { header: inHeader, query: inQuery, subprotocol: inProtocol }[source];
    if (token !== undefined) return token;
  }
  return undefined;
}

/** A cookie does not count where another site may have made the browser send it. */
function fromCookie(
  request: FastifyRequest,
  { cookie, crossSite }: SourceNames,
): string | undefined {
  const token = readCookie(request, cookie);
  return token !== undefined && token !== "" && (crossSite || !isForged(request))
    ? token
    : undefined;
}

/** Only for requests that a browser cannot give a header: WebSockets, and the GET of an EventSource. */
function fromQuery(request: FastifyRequest, name: string): string | undefined {
  return request.method === "GET" ? takeQueryParameter(request, name) : undefined;
}

/**
 * Reads `Sec-WebSocket-Protocol: bearer, <token>` and leaves `bearer` there alone: servers answer with one of
 * the protocols, which must not be the token.
 */
function fromSubprotocol(request: FastifyRequest, name: string): string | undefined {
  const offered = request.headers["sec-websocket-protocol"];
  if (offered === undefined || !isUpgrade(request)) return undefined;
  const protocols = offered.split(",").map((protocol) => protocol.trim());
  const at = protocols.indexOf(name);
  if (at < 0) return undefined;
  const token = protocols[at + 1] ?? "";
  protocols.splice(at + 1, 1);
  request.raw.headers["sec-websocket-protocol"] = protocols.join(", ");
  if (protocols.includes(name, at + 1)) {
    throw new AUTH_INVALID_REQUEST("The token was sent more than once.");
  }
  return token;
}
