import { createHeaders } from "@enfilade/security-headers";
import { type ExchangeRequest, type LogLine, type LogLines, openExchange } from "@enfilade/testing";
import { expect } from "vitest";
import type { reasons } from "./kinds.ts";

/** What a response is looked at for. */
export const columns = ["body", "cors", "security", "id", "timing", "log"] as const;
type Column = (typeof columns)[number];

/** A kind of response: how to get it, what it must be, what it cannot have. */
export interface Kind {
  readonly name: string;
  readonly status: number;
  readonly request: ExchangeRequest;
  /** A request that has to be made first. */
  readonly before?: ExchangeRequest;
  /** Leaves in the middle of the answer. */
  readonly leaves?: true;
  /** Asks a server that waits for nobody, or one that lets little through. */
  readonly server?: "impatient" | "strict";
  /** What the response lacks, and why. Everything else it must have. */
  readonly without?: Readonly<Partial<Record<Column, keyof typeof reasons>>>;
}

/** What was seen of a response; nothing where it lacks something. */
export type Seen = Readonly<Record<Column, string | undefined>>;

const security = Object.entries(createHeaders({}, false));
const readable = ["X-Request-ID", "Retry-After", "RateLimit", "WWW-Authenticate"];

/** What clients are told with a status, so that they know how to go on. */
const owed: Readonly<Record<number, string>> = {
  401: "www-authenticate",
  405: "allow",
  429: "retry-after",
};

/** Makes the request over a socket of its own, and looks at what comes back, on the wire and in the log. */
export async function observe(kind: Kind, origin: string, log: LogLines): Promise<Seen> {
  if (kind.before) await (await openExchange(origin, kind.before)).wholeBody();
  const before = log.items.length;
  const exchange = await openExchange(origin, kind.request);
  const { status, header } = await exchange.head();
  expect(status, kind.name).toBe(kind.status);
  const told = owed[status];
  if (told !== undefined) expect(header(told), `${kind.name}: ${told}`).toBeDefined();
  const body = kind.leaves ? await exchange.bodyUntil("RunContent") : await exchange.wholeBody();
  exchange.destroy();

  const id = header("x-request-id");
  return {
    body: bodyIn(body, header("content-type"), id),
    cors: corsIn(kind, header),
    security: security.every(([name, value]) => header(name) === value) ? "✓" : undefined,
    id: id === undefined ? undefined : "✓",
    timing: Number(header("x-process-time-ms")) >= 0 ? "✓" : undefined,
    log: kind.without?.log ? noLineIn(log, before, id) : await lineIn(log, before, id, status),
  };
}

function bodyIn(
  text: string,
  type: string | undefined,
  id: string | undefined,
): string | undefined {
  if (text === "") return "none";
  if (type === "text/event-stream") return eventsIn(text);
  if (!type?.startsWith("application/json")) return type;
  const value = JSON.parse(text) as { detail?: unknown; request_id?: unknown; code?: unknown };
  if (!("detail" in value)) return "JSON";
  const isEnvelope = typeof value.detail === "string" && value.request_id === id && value.code;
  return isEnvelope ? "envelope" : undefined;
}

function eventsIn(text: string): string {
  return text.includes("event: RunError") ? "events, `RunError` the last" : "events";
}

function corsIn(kind: Kind, header: (name: string) => string | undefined): string | undefined {
  const origin = header("access-control-allow-origin");
  if (origin !== kind.request.headers?.origin) return undefined;
  if (!header("vary")?.split(/, */).includes("Origin")) return undefined;
  if (kind.request.method === "OPTIONS") return "✓";
  const exposed = header("access-control-expose-headers")?.split(/, */) ?? [];
  return readable.every((name) => exposed.includes(name)) ? "✓" : undefined;
}

/** The line that the request log writes once an exchange has ended; there is exactly one. */
async function lineIn(
  log: LogLines,
  before: number,
  id: string | undefined,
  status: number,
): Promise<string> {
  const isLine = ({ reqId, outcome }: LogLine) => reqId === id && outcome !== undefined;
  await log.until((lines) => lines.slice(before).some(isLine));
  const [line, ...others] = log.items.slice(before).filter(isLine);
  expect(others).toEqual([]);
  expect(line?.status).toBe(status);
  return `\`${String(line?.outcome)}\``;
}

function noLineIn(log: LogLines, before: number, id: string | undefined): undefined {
  const lines = log.items.slice(before).filter(({ reqId, outcome }) => reqId === id && outcome);
  expect(lines).toEqual([]);
}
