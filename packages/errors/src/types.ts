import type { DialectName } from "./dialects.ts";

/** One thing that is wrong with a request, and where. */
export interface Violation {
  /** The part of the request. */
  readonly in: "body" | "query" | "params" | "headers";
  /** Where in that part, as a JSON Pointer (RFC 6901); empty for the whole of it. */
  readonly pointer: string;
  readonly detail: string;
}

/** What the client is told of an error; a dialect puts it into words. Holds nothing internal. */
export interface Problem {
  readonly status: number;
  /** The phrase of the status. */
  readonly title: string;
  /** What programs go by: the code of the error where it may be told, else one made of the status. */
  readonly code: string;
  /** A URI for the kind of problem (RFC 9457, section 3.1.1). */
  readonly type: string;
  readonly detail: string;
  readonly requestId: string;
  readonly violations: readonly Violation[];
  /** Further members that the error brings (RFC 9457, section 3.2); none of them bears a name of the others. */
  readonly extensions: Readonly<Record<string, unknown>>;
  /** The one parameter that is at fault, where there is one. */
  readonly param: string | undefined;
  /** The `id` of a JSON-RPC call. */
  readonly callId: string | number | null;
}

/** One event of an event stream. */
export interface ErrorEvent {
  /** The name of the event; without one the client takes it for a `message`. */
  readonly event: string | undefined;
  readonly data: object;
}

/** How an error looks on the wire. */
export interface Dialect {
  readonly contentType: string;
  /** The body of an error response. */
  body(problem: Problem): object;
  /** The event that ends a stream which has failed. */
  event(problem: Problem): ErrorEvent;
}

/** What is needed of a request: the same over HTTP/1.1 and HTTP/2, which Fastify has different types for. */
export interface AnyRequest {
  readonly id: unknown;
  readonly originalUrl: string;
  readonly body: unknown;
  readonly protocol: string;
  readonly server: object;
  readonly raw: { readonly aborted: boolean };
  readonly socket: { readonly destroyed: boolean } | undefined;
  readonly log: { error(data: object, message: string): void };
  readonly routeOptions: {
    readonly url?: string | undefined;
    readonly config?: { readonly errors?: RouteErrors };
  };
}

/** What is needed of a reply. */
export interface AnyReply {
  code(status: number): unknown;
  header(name: string, value: unknown): unknown;
  headers(headers: Readonly<Record<string, string>>): unknown;
  getHeaders(): object;
  removeHeader(name: string): unknown;
  send(payload: string): unknown;
}

/** What a route may say in `config.errors`. */
export interface RouteErrors {
  /** The dialect of this route's errors. */
  readonly dialect?: DialectName | Dialect;
}

declare module "fastify" {
  interface FastifyContextConfig {
    /** How the errors of this route look. */
    errors?: RouteErrors;
  }
}
