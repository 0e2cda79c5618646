import type { Dialect, Problem } from "./types.ts";

/*
 * How each kind of client expects an error. The extra members (a request id, a code) are ones that none of
 * these clients minds.
 */

/** RFC 9457 problem details. */
const problem: Dialect = {
  contentType: "application/problem+json; charset=utf-8",
  body: ({ type, title, status, detail, code, requestId, violations, extensions }) => ({
    type,
    title,
    status,
    detail,
    code,
    requestId,
    ...extensions,
    ...(violations.length > 0 && { errors: violations }),
  }),
  event: (it) => ({ event: "error", data: problem.body(it) }),
};

/** FastAPI's and AgentOS', but `detail` is always a string; in a stream, AgentOS' `RunError`. */
const detail: Dialect = {
  contentType: "application/json; charset=utf-8",
  body: (it) => ({
    detail: it.detail,
    code: it.code,
    request_id: it.requestId,
    ...(it.violations.length > 0 && { errors: it.violations }),
  }),
  event: (it) => ({
    event: "RunError",
    data: {
      created_at: Math.floor(Date.now() / 1000),
      event: "RunError",
      content: it.detail,
      error_type: it.code,
      error_id: it.requestId,
    },
  }),
};

/** OpenAI's. Its SDK throws on an event that has `error`; one with a name of its own would say something else. */
const openai: Dialect = {
  contentType: "application/json; charset=utf-8",
  body: (it) => ({
    error: {
      message: it.detail,
      type: openaiType(it.status),
      code: it.code.toLowerCase(),
      param: it.param ?? null,
      request_id: it.requestId,
    },
  }),
  event: (it) => ({ event: undefined, data: openai.body(it) }),
};

function openaiType(status: number): string {
  if (status >= 500) return "server_error";
  if (status === 401) return "authentication_error";
  if (status === 403) return "permission_error";
  return status === 429 ? "rate_limit_error" : "invalid_request_error";
}

/** JSON-RPC 2.0, as MCP speaks it over HTTP. */
const jsonrpc: Dialect = {
  contentType: "application/json; charset=utf-8",
  body: (it) => ({
    jsonrpc: "2.0",
    id: it.callId,
    error: {
      code: rpcCode(it),
      message: it.detail,
      data: {
        status: it.status,
        code: it.code,
        requestId: it.requestId,
        ...it.extensions,
        ...(it.violations.length > 0 && { errors: it.violations }),
      },
    },
  }),
  event: (it) => ({ event: "message", data: jsonrpc.body(it) }),
};

/** The codes of JSON-RPC 2.0, section 5.1; -32000 is the first of those left to servers. */
function rpcCode({ status, code }: Problem): number {
  if (code === "INVALID_JSON") return -32700;
  if (code === "VALIDATION_FAILED") return -32600;
  return status === 500 ? -32603 : -32000;
}

/** A dialect that comes with the package. */
export type DialectName = "problem" | "detail" | "openai" | "jsonrpc";

/** The dialects that come with the package, by name. */
export const DIALECTS: Readonly<Record<DialectName, Dialect>> = {
  problem,
  detail,
  openai,
  jsonrpc,
};

/** Finds a dialect by what an option or a route gives; `undefined` for anything else. */
export function findDialect(given: unknown): Dialect | undefined {
  if (typeof given === "string") {
    return Object.hasOwn(DIALECTS, given) ? DIALECTS[given as DialectName] : undefined;
  }
  return isDialect(given) ? given : undefined;
}

function isDialect(given: unknown): given is Dialect {
  const { contentType, body, event } = Object(given) as Record<string, unknown>;
  return (
    typeof contentType === "string" &&
    contentType !== "" &&
    typeof body === "function" &&
    typeof event === "function"
  );
}
