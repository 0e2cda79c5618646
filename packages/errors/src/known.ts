import { STATUS_CODES } from "node:http";

/** What a client is told of an error that Fastify itself makes: its own codes and words name its inside. */
interface Known {
  readonly code: string;
  /** In place of the message; without one the message is fit to be told. */
  readonly detail?: string;
  /** The only one that is the server's fault, and may be told all the same. */
  readonly fault?: "server";
}

const KNOWN: Readonly<Record<string, Known>> = {
  FST_ERR_VALIDATION: { code: "VALIDATION_FAILED" },
  FST_ERR_CTP_INVALID_JSON_BODY: { code: "INVALID_JSON", detail: "The body is not valid JSON." },
  FST_ERR_CTP_EMPTY_JSON_BODY: {
    code: "INVALID_JSON",
    detail: "The body is empty, and said to be JSON.",
  },
  FST_ERR_CTP_BODY_TOO_LARGE: {
    code: "BODY_TOO_LARGE",
    detail: "The body is larger than the server takes.",
  },
  FST_ERR_CTP_INVALID_MEDIA_TYPE: {
    code: "UNSUPPORTED_MEDIA_TYPE",
    detail: "The server does not read bodies of this content type.",
  },
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: {
    code: "INVALID_CONTENT_LENGTH",
    detail: "The body is not as long as its Content-Length says.",
  },
  FST_ERR_BAD_URL: { code: "INVALID_URL", detail: "The URL is not valid." },
  FST_ERR_MAX_PARAM_LENGTH: { code: "URL_TOO_LONG", detail: "A part of the URL is too long." },
  FST_ERR_HANDLER_TIMEOUT: {
    code: "HANDLER_TIMEOUT",
    detail: "The request took longer than the server allows.",
    fault: "server",
  },
};

const DETAILS: Readonly<Record<number, string>> = {
  404: "There is nothing here.",
  500: "The server could not complete the request.",
  502: "A service that the server depends on has failed.",
  503: "The server cannot take the request at the moment.",
  504: "A service that the server depends on did not answer in time.",
};

/** Gives what may be told of one of Fastify's own errors under a status. */
export function knownError(code: unknown, status: number): Known | undefined {
  const known = typeof code === "string" && Object.hasOwn(KNOWN, code) ? KNOWN[code] : undefined;
  // A validator that breaks is reported under the same code as one that refuses.
  return known?.fault === "server" || status < 500 ? known : undefined;
}

/** Gives the phrase of a status. */
export function titleOf(status: number): string {
  return STATUS_CODES[status] ?? (status >= 500 ? "Server Error" : "Client Error");
}

/** Makes a code of a status: `NOT_FOUND`. */
export function codeOfStatus(status: number): string {
  return titleOf(status)
    .toUpperCase()
    .replaceAll("'", "")
    .replaceAll(/[^A-Z0-9]+/g, "_");
}

/** Says in words what a status says, where the error itself must not be told. */
export function detailOfStatus(status: number): string {
  return DETAILS[status] ?? titleOf(status);
}
