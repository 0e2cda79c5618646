import type { Kind } from "./observe.ts";

/** Why a response may lack what the others have; each is printed under the table. */
export const reasons = {
  noOrigin: "The origin is not one of those that are listed: its pages are to read nothing.",
  notHttp: `What arrived is no HTTP request: there is no origin, no exchange and no hook. \`serverErrors()\` writes the
  envelope, the security headers and an id of its own to the socket; the log has the id at level \`debug\`.`,
  noRoute: `The URL cannot be decoded, so there is no route, and Fastify runs no hook. \`serverErrors()\` gives the answer its
  envelope, its security headers and its id; a page sees a network error.`,
  tooLate: `Node gives up while the body is being read, and \`serverErrors()\` answers past the reply, on the socket, under an id
  of its own. The exchange has its line too, as \`errored\`.`,
  health: "Probes ask every few seconds: `ignore` leaves them out of the log.",
} as const;

const origin = "https://ui.example";
const page = { origin };
const form = { ...page, "content-type": "application/x-www-form-urlencoded" };
const json = { ...page, "content-type": "application/json" };

/** Every kind of response that the demo gives, and how to get it. `key` is one that may do everything. */
export function kindsOf(credentials: { readonly key: string; readonly token: string }): Kind[] {
  const known = { ...page, authorization: `Bearer ${credentials.key}` };
  const limited = { ...page, authorization: `Bearer ${credentials.token}` };
  const asForm = { ...form, authorization: `Bearer ${credentials.key}` };
  const asJson = { ...json, authorization: `Bearer ${credentials.key}` };
  const runs = "/agents/echo/runs";
  return [
    { name: "an answer", status: 200, request: { path: "/agents", headers: known } },
    { name: "an open route", status: 200, request: { path: "/info", headers: page } },
    {
      name: "a health check",
      status: 200,
      request: { path: "/health", headers: page },
      without: { log: "health" },
    },
    { name: "HEAD", status: 200, request: { method: "HEAD", path: "/agents", headers: known } },
    {
      name: "a run",
      status: 200,
      request: { path: runs, headers: asForm, body: "message=hi&stream=false" },
    },
    {
      name: "a run that streams",
      status: 200,
      request: { path: runs, headers: asForm, body: "message=hi" },
    },
    {
      name: "a run in the background",
      status: 202,
      request: { path: runs, headers: asForm, body: "message=hi&background=1&stream=0" },
    },
    {
      name: "a session that is made",
      status: 201,
      request: { path: "/sessions", headers: asJson, body: '{"session_id":"s1"}' },
    },
    {
      name: "a session that is deleted",
      status: 204,
      request: { method: "DELETE", path: "/sessions/s1", headers: known },
    },
    {
      name: "a preflight",
      status: 204,
      request: {
        method: "OPTIONS",
        path: runs,
        headers: { ...page, "access-control-request-method": "POST" },
      },
    },
    {
      name: "a preflight of another origin",
      status: 403,
      request: {
        method: "OPTIONS",
        path: runs,
        headers: { origin: "https://evil.example", "access-control-request-method": "POST" },
      },
      without: { cors: "noOrigin" },
    },
    { name: "no credentials", status: 401, request: { path: "/agents", headers: page } },
    {
      name: "credentials that do not hold",
      status: 401,
      request: { path: "/agents", headers: { ...page, authorization: "Bearer guess-guess-guess" } },
    },
    {
      name: "a scope that is lacking",
      status: 403,
      request: { path: "/metrics", headers: limited },
    },
    { name: "no such path", status: 404, request: { path: "/nowhere", headers: known } },
    { name: "no such agent", status: 404, request: { path: "/agents/nobody", headers: known } },
    {
      name: "a method that the path has not",
      status: 405,
      request: { method: "PUT", path: "/agents", headers: known },
    },
    {
      name: "a session that is taken",
      status: 409,
      request: { path: "/sessions", headers: asJson, body: '{"session_id":"taken"}' },
      before: { path: "/sessions", headers: asJson, body: '{"session_id":"taken"}' },
    },
    {
      name: "a body that is too large",
      status: 413,
      request: { path: runs, headers: { ...asJson, "content-length": "2000000" }, body: "{" },
    },
    {
      name: "a body of another type",
      status: 415,
      request: { path: runs, headers: { ...known, "content-type": "text/csv" }, body: "a,b" },
    },
    {
      name: "a body that cannot be read",
      status: 400,
      request: { path: runs, headers: asJson, body: "{" },
    },
    {
      name: "a field that is missing",
      status: 422,
      request: { path: runs, headers: asJson, body: "{}" },
    },
    {
      name: "too many runs at once",
      status: 429,
      before: {
        path: "/agents/endless/runs",
        headers: asForm,
        body: "message=hi&background=1&stream=0",
      },
      request: { path: runs, headers: asForm, body: "message=hi" },
      server: "strict",
    },
    {
      name: "too many requests",
      status: 429,
      before: { path: "/agents", headers: known },
      request: { path: "/agents", headers: known },
      server: "strict",
    },
    { name: "another host", status: 400, request: { headers: { ...known, host: "evil.example" } } },
    {
      name: "an HTTP/1.1 request without a host",
      status: 400,
      request: { headers: { ...known, host: [] } },
    },
    {
      name: "an Expect that is not known",
      status: 417,
      request: { headers: { ...known, expect: "a miracle" } },
    },
    {
      name: "an agent that fails",
      status: 500,
      request: { path: "/agents/failing/runs", headers: asForm, body: "message=hi&stream=false" },
    },
    {
      name: "an agent that fails while it streams",
      status: 200,
      request: { path: "/agents/failing/runs", headers: asForm, body: "message=hi" },
    },
    { name: "a store that fails", status: 500, request: { path: "/metrics", headers: known } },
    {
      name: "a handler that is out of time ¹",
      status: 503,
      request: { path: "/slow", headers: known },
    },
    {
      name: "a hijacked reply ¹",
      status: 200,
      request: { path: "/hijacked", headers: known },
    },
    {
      name: "a client that leaves a stream",
      status: 200,
      request: { path: "/agents/endless/runs", headers: asForm, body: "message=hi" },
      leaves: true,
    },
    {
      name: "a URL that cannot be decoded",
      status: 400,
      request: { path: "/%zz", headers: known },
      without: { cors: "noRoute", timing: "noRoute", log: "noRoute" },
    },
    {
      name: "bytes that are no HTTP",
      status: 400,
      request: { method: "GET / HTTP/9.9\r\n\r\n", headers: known },
      without: { cors: "notHttp", timing: "notHttp", log: "notHttp" },
    },
    {
      name: "headers that are too large",
      status: 431,
      request: { headers: { ...known, "x-large": "x".repeat(20_000) } },
      without: { cors: "notHttp", timing: "notHttp", log: "notHttp" },
    },
    {
      name: "a body that does not arrive in time",
      status: 408,
      request: { path: runs, headers: { ...asJson, "content-length": "9" }, body: "{" },
      server: "impatient",
      without: { cors: "tooLate", timing: "tooLate", log: "tooLate" },
    },
  ];
}
