import { reasons } from "./kinds.ts";
import { columns, type Kind, type Seen } from "./observe.ts";

const heads: Readonly<Record<(typeof columns)[number], string>> = {
  body: "body",
  cors: "CORS",
  security: "security headers",
  id: "request id",
  timing: "timing",
  log: "log line",
};

/** Writes what was seen as a page: a row for every kind of response, a note for everything that one lacks. */
export function pageOf(seen: readonly { readonly kind: Kind; readonly seen: Seen }[]): string {
  const used = [...new Set(seen.flatMap(({ kind }) => Object.values(kind.without ?? {})))];
  const mark = (reason: keyof typeof reasons) => String.fromCharCode(97 + used.indexOf(reason));
  const rows = seen.map(({ kind, seen: found }) => {
    const cells = columns.map((column) => {
      const reason = kind.without?.[column];
      return reason === undefined ? (found[column] ?? "**missing**") : `– (${mark(reason)})`;
    });
    return row([kind.name, `\`${requestOf(kind)}\``, String(kind.status), ...cells]);
  });
  return [
    ...introduction,
    row(["response", "request", "status", ...columns.map((column) => heads[column])]),
    row(["---", "---", "---", ...columns.map(() => "---")]),
    ...rows,
    "",
    ...used.map((reason) => `- (${mark(reason)}) ${reasons[reason]}`),
    "",
  ].join("\n");
}

const introduction = [
  "# What reaches every kind of response",
  "",
  "The [demo](../apps/agent-server) with authentication and limits on, asked over real sockets by a page of a listed origin. A",
  "[test](../apps/agent-server/test/coverage.test.ts) makes every request, looks at what comes back and writes this page; it",
  "fails where the page says something else. `pnpm exec vitest run apps/agent-server/test/coverage.test.ts -u` writes it anew.",
  "",
  "- **body**: *envelope* is JSON with a text `detail`, a `code`, and the `request_id` that the header has, too.",
  "- **CORS**: the page may read the answer, with its `X-Request-ID`, `Retry-After`, `RateLimit` and `WWW-Authenticate`, and",
  "  caches are told that the answer depends on `Origin`.",
  "- **security headers**: all of them, with the same values everywhere.",
  "- **timing**: `X-Process-Time-Ms`.",
  "- **log line**: how the exchange ended, in the one line that the request log writes for it, under the same id.",
  "",
  "¹ A route that the test adds: the demo has none that does this.",
  "",
];

function row(cells: readonly string[]): string {
  return `| ${cells.join(" | ")} |`;
}

function requestOf({ request }: Kind): string {
  const method = request.method ?? (request.body === undefined ? "GET" : "POST");
  const isHttp = /^[A-Z]+$/.test(method);
  return isHttp ? `${method} ${request.path ?? "/"}` : method.trim();
}
