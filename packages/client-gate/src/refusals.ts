import { validateHeaderName, validateHeaderValue } from "node:http";
import type { FastifyReply, FastifyRequest } from "fastify";
import { CLIENT_GATE_REFUSED } from "./errors.ts";
import type { Refusal } from "./types.ts";

/** What is sent to whom a rule refuses, ready to be sent. */
export interface Answer {
  readonly status: number;
  readonly message: string;
  readonly headers: Readonly<Record<string, string>>;
  /** `undefined`: an error is thrown, and whoever shapes errors gives it a body. */
  readonly body: string | undefined;
}

const MESSAGES: Readonly<Record<number, string>> = {
  410: "This version of the client is no longer served.",
  426: "This client is too old, and must be upgraded.",
};
const MESSAGE = "This client is not served here.";

/** Statuses that mean nothing without a header (RFC 9110, sections 15.5.2, 15.5.6, 15.5.8 and 15.5.22). */
const REQUIRED: Readonly<Record<number, string>> = {
  401: "www-authenticate",
  405: "allow",
  407: "proxy-authenticate",
  426: "upgrade",
};
/** Headers that belong to the connection, and to Node. */
const RESERVED: ReadonlySet<string> = new Set([
  "connection",
  "content-length",
  "keep-alive",
  "trailer",
  "transfer-encoding",
]);

/** Why an answer cannot be given: which part of it, and what to write instead. */
export type AnswerFault = (part: keyof Refusal, fix: string) => never;

/** Checks what a rule wants to answer, and prepares it. */
export function prepareAnswer(given: Refusal, refuse: AnswerFault): Answer {
  const { status = 403, message, body } = given;
  if (!Number.isInteger(status) || status < 400 || status > 499) {
    refuse("status", "Give a status from 400 to 499: it is the client that is at fault.");
  }
  if (message !== undefined && (typeof message !== "string" || message === "")) {
    refuse("message", "Give a string that is not empty.");
  }
  if (message !== undefined && body !== undefined) {
    refuse("message", "The body is sent in its place; leave one of the two out.");
  }
  const headers = readHeaders(given.headers, refuse);
  const required = REQUIRED[status];
  if (required !== undefined && headers[required] === undefined) {
    refuse("headers", `An answer with status ${status} must have ${required} (RFC 9110).`);
  }
  const text = readBody(body, refuse);
  const type = typeof body === "string" ? "text/plain" : "application/json";
  return {
    status,
    message: message ?? MESSAGES[status] ?? MESSAGE,
    headers: {
      // A cache in between keeps a 410 for others, to whom the rule does not apply (RFC 9110, section 15.1).
      "cache-control": "no-store",
      ...(text !== undefined && { "content-type": `${type}; charset=utf-8` }),
      ...headers,
    },
    body: text,
  };
}

function readHeaders(given: unknown, refuse: AnswerFault): Record<string, string> {
  const headers: Record<string, string> = {};
  if (given === undefined) return headers;
  if (typeof given !== "object" || given === null || Array.isArray(given)) {
    return refuse("headers", "Give names and values.");
  }
  for (const [name, value] of Object.entries(given)) {
    if (RESERVED.has(name.toLowerCase())) refuse("headers", `Leave ${name.toLowerCase()} to Node.`);
    try {
      validateHeaderName(name);
      if (typeof value !== "string") throw new TypeError("a value that is no string");
      validateHeaderValue(name, value);
    } catch {
      refuse("headers", "Give names and values that HTTP allows.");
    }
    headers[name.toLowerCase()] = value;
  }
  return headers;
}

function readBody(body: unknown, refuse: AnswerFault): string | undefined {
  if (body === undefined || typeof body === "string") return body;
  const fix = "Give a string, or an object or an array that JSON can hold.";
  if (typeof body !== "object" || body === null) return refuse("body", fix);
  try {
    return JSON.stringify(body) ?? refuse("body", fix);
  } catch {
    return refuse("body", fix);
  }
}

/**
 * Refuses a request: sends the body, or throws the error.
 *
 * @throws `CLIENT_GATE_REFUSED`
 */
export function sendAnswer(
  answer: Answer,
  rule: string,
  request: FastifyRequest,
  reply: FastifyReply,
): FastifyReply {
  const headers = headersOver(request, answer.headers);
  const { status, message, body } = answer;
  if (body === undefined) {
    // The rule is for the log.
    throw Object.assign(new CLIENT_GATE_REFUSED(message), { statusCode: status, headers, rule });
  }
  request.log.info({ rule, status }, "client gate: refused");
  return reply.code(status).headers(headers).send(body);
}

/** `Upgrade` goes with a connection option, and HTTP/2 has neither (RFC 9110, section 7.8; RFC 9113, section 8.2.2). */
function headersOver({ raw }: FastifyRequest, headers: Answer["headers"]): Answer["headers"] {
  const { upgrade, ...others } = headers;
  if (upgrade === undefined) return headers;
  return raw.httpVersionMajor >= 2 ? others : { ...headers, connection: "upgrade" };
}
