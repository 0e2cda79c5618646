import type { Socket } from "node:net";
import type { ConnectionError, FastifyInstance } from "fastify";
import { titleOf } from "./known.ts";
import { plainProblem } from "./problem.ts";
import type { ServerSettings } from "./server-options.ts";
import { settingsOf } from "./settings.ts";
import type { Dialect, Problem } from "./types.ts";

/** What was wrong with the bytes that came, by the code of Node's error; all others are malformed. */
const MALFORMED = {
  status: 400,
  code: "MALFORMED_REQUEST",
  detail: "The request is not valid HTTP.",
};
const KINDS: Readonly<Record<string, typeof MALFORMED>> = {
  ERR_HTTP_REQUEST_TIMEOUT: {
    status: 408,
    code: "REQUEST_TIMEOUT",
    detail: "The request did not arrive in time.",
  },
  HPE_HEADER_OVERFLOW: {
    status: 431,
    code: "HEADERS_TOO_LARGE",
    detail: "The headers of the request are larger than the server takes.",
  },
  HPE_CHUNK_EXTENSIONS_OVERFLOW: {
    status: 413,
    code: "BODY_TOO_LARGE",
    detail: "The chunk extensions of the body are larger than the server takes.",
  },
};

/** A connection, and what Node knows of a response that is on its way over it. */
type Connection = Socket & {
  readonly encrypted?: boolean;
  readonly _httpMessage?: { readonly _headerSent?: boolean } | null;
};

/** Answers bytes that Node could not read as HTTP: there is neither a request nor a response, only a socket. */
export function answerClientError(
  app: FastifyInstance | undefined,
  error: ConnectionError,
  socket: Connection,
  server: ServerSettings,
): void {
  if (socket.destroyed) return;
  // The peer is gone, does not speak TLS, or is in the middle of a response that this would corrupt.
  if (!socket.writable || isLost(error) || socket._httpMessage?._headerSent === true) {
    socket.destroy(error);
    return;
  }
  const kind = KINDS[error.code] ?? MALFORMED;
  const { types, dialect } = settingsOf(app);
  const requestId = server.generateRequestId();
  const problem = plainProblem(kind, { status: kind.status, requestId, callId: null, types });
  app?.log.debug({ err: error, requestId }, kind.detail);
  socket.end(responseOf(problem, dialect, server, socket.encrypted === true));
  // Closed once all of it is written; bytes that still arrive are nobody's.
  socket.destroySoon();
}

function isLost({ code }: ConnectionError): boolean {
  return code === "ECONNRESET" || code === "EPROTO" || code?.startsWith("ERR_SSL");
}

function responseOf(
  problem: Problem,
  { contentType, body }: Dialect,
  { headersOf, requestIdHeader }: ServerSettings,
  secure: boolean,
): string {
  const text = JSON.stringify(body(problem));
  const headers = {
    ...headersOf(secure),
    ...(requestIdHeader !== undefined && { [requestIdHeader]: problem.requestId }),
    "cache-control": "no-store",
    "content-type": contentType,
    "content-length": String(Buffer.byteLength(text)),
    connection: "close",
  };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  return `HTTP/1.1 ${problem.status} ${titleOf(problem.status)}\r\n${lines.join("")}\r\n${text}`;
}
