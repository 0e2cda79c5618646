import type { Outcome } from "@enfilade/layer";

/** A level of pino, or `silent` for no line. */
export type Level = "trace" | "debug" | "info" | "warn" | "error" | "fatal" | "silent";

/** Which bodies are logged. */
export type Bodies = "none" | "request" | "response" | "both";

/**
 * One line: what is known of an exchange when it has ended. Fields that have nothing to say are missing.
 * Time, level, process and the request's id are the logger's own.
 */
export interface RequestLogLine {
  readonly method: string;
  /** The pattern of the route, such as `/runs/:id`; missing where no route was found. */
  readonly route: string | undefined;
  /** Path and query as the client sent them, without the values of secrets. */
  readonly url: string;
  /** Missing where the exchange ended before a status was sent; 101 for an upgraded connection. */
  readonly status: number | undefined;
  readonly outcome: Outcome;
  /** Milliseconds from the first hook to the headers. */
  readonly headersMs: number | undefined;
  /** Milliseconds from the first hook to the first piece of a body that is written in pieces. */
  readonly firstByteMs: number | undefined;
  /** Milliseconds from the first hook to the end. */
  readonly totalMs: number;
  /** Bytes of the request's body that arrived, as they were on the wire but for the framing. */
  readonly bytesReceived: number | undefined;
  /** Bytes of the response's body that were handed to the connection, likewise. */
  readonly bytesSent: number | undefined;
  readonly address: string | undefined;
  readonly principal: string | undefined;
  readonly principalKind: string | undefined;
  readonly userAgent: string | undefined;
  readonly httpVersion: string;
  /** The error behind a status of 500 and above, or behind a response that broke off; by the logger's serializer. */
  readonly err: unknown;
  /** Code and message of the error behind any other status: a client's mistake needs no stack. */
  readonly errorCode: string | undefined;
  readonly errorMessage: string | undefined;
  readonly requestHeaders: Readonly<Record<string, string>> | undefined;
  readonly responseHeaders: Readonly<Record<string, string>> | undefined;
  readonly requestBody: string | undefined;
  readonly requestBodyTruncated: true | undefined;
  readonly responseBody: string | undefined;
  readonly responseBodyTruncated: true | undefined;
  readonly extra: unknown;
}

/** A field of the line. */
export type RequestLogField = keyof RequestLogLine;

/** What a route may change, in its `config.requestLog`. */
export interface RequestLogRouteOptions {
  /** The level of lines about exchanges that went well. @defaultValue as registered */
  readonly level?: Level;
  /** Which bodies are logged. @defaultValue as registered */
  readonly bodies?: Bodies;
}

declare module "fastify" {
  interface FastifyContextConfig {
    /** How exchanges on this route are logged: not at all, at another level, with bodies. */
    requestLog?: false | Level | RequestLogRouteOptions;
  }
}
