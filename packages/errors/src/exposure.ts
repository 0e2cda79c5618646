/*
 * What of an error may be told. A message is told when its author meant it for the client: the error names
 * its own 4xx status, or says `expose: true`. That the reply had a status already when something else broke
 * is no such sign.
 */

/** The members of an error that matter here; whatever was thrown, reading them never throws. */
export interface Fields {
  readonly message: unknown;
  readonly code: unknown;
  readonly expose: unknown;
  readonly status: number | undefined;
  readonly param: unknown;
  readonly validation: unknown;
  readonly validationContext: unknown;
  readonly issues: unknown;
  readonly details: unknown;
  readonly headers: unknown;
  readonly problem: unknown;
  /** Whether it is the answer of another server, as HTTP clients throw it. */
  readonly upstream: boolean;
}

const NOTHING: Fields = {
  message: undefined,
  code: undefined,
  expose: undefined,
  status: undefined,
  param: undefined,
  validation: undefined,
  validationContext: undefined,
  issues: undefined,
  details: undefined,
  headers: undefined,
  problem: undefined,
  upstream: false,
};

/** Reads what was thrown, which may be anything. */
export function fieldsOf(thrown: unknown): Fields {
  if (typeof thrown !== "object" || thrown === null) return NOTHING;
  const error = thrown as Readonly<Record<string, unknown>>;
  try {
    return {
      message: error.message,
      code: error.code,
      expose: error.expose,
      status: statusOf(error.statusCode) ?? statusOf(error.status),
      param: error.param,
      validation: error.validation,
      validationContext: error.validationContext,
      issues: error.issues,
      details: error.details,
      headers: error.headers,
      problem: error.problem,
      upstream: error.expose !== true && isUpstream(error),
    };
  } catch {
    return NOTHING;
  }
}

function statusOf(value: unknown): number | undefined {
  return typeof value === "number" && value >= 400 && value <= 599 ? value : undefined;
}

/** Tells whether the message of an error may be told under a status. */
export function isExposed(fields: Fields, status: number): boolean {
  if (fields.upstream) return false;
  if (typeof fields.expose === "boolean") return fields.expose;
  return status < 500 && fields.status !== undefined && !isSystemCode(fields.code);
}

/** Codes of Node, of libuv, of zlib, of undici: their messages have paths and addresses in them. */
const SYSTEM = /^(?:E[A-Z0-9]+|ERR_\w+|Z_\w+|HPE_\w+|UND_ERR\w*)$/;
const CODE = /^[A-Za-z][\w.:-]{0,63}$/;

function isSystemCode(code: unknown): boolean {
  return typeof code === "string" && SYSTEM.test(code);
}

/** Gives the code of an error if a client may go by it. Fastify's own are not part of anybody's API. */
export function publicCode(code: unknown): string | undefined {
  if (typeof code !== "string" || !CODE.test(code)) return undefined;
  return isSystemCode(code) || code.startsWith("FST_") ? undefined : code;
}

/** Members that HTTP clients leave on an error: the answer that they got, or parts of it. */
const ANSWERS = ["response", "responseHeaders", "$metadata"] as const;

/**
 * Tells whether an error is another server's answer: undici's, axios', got's, ky's, Octokit's, those of the
 * OpenAI, Anthropic, AWS and AI SDKs. Their status would be taken for this server's own: a wrong key for the
 * model provider for the caller's wrong key.
 */
function isUpstream(error: Readonly<Record<string, unknown>>): boolean {
  if (ANSWERS.some((name) => typeof error[name] === "object" && error[name] !== null)) return true;
  if (error.isAxiosError === true || error.code === "UND_ERR_RESPONSE") return true;
  if (error.code === "UND_ERR_RESPONSE_STATUS_CODE") return true;
  const { headers } = error;
  if (typeof headers === "object" && headers !== null && "get" in headers) return true;
  // The OpenAI and Anthropic SDKs, where no answer came at all.
  return "requestID" in error && "headers" in error;
}
