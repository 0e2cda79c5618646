import type { Socket } from "node:net";
import type {
  ConnectionError,
  FastifyInstance,
  FastifyReply,
  FastifyRequest,
  RawServerBase,
  RouteGenericInterface,
} from "fastify";
import { answerClientError } from "./client-error.ts";
import { putOn } from "./envelope.ts";
import { toProblem } from "./problem.ts";
import { resolveServerOptions, type ServerErrorsOptions } from "./server-options.ts";
import { circumstancesOf, dialectOf, settingsOf } from "./settings.ts";
import type { AnyReply, AnyRequest } from "./types.ts";

/** What `serverErrors` adds to the options of Fastify. */
export interface ServerErrors {
  readonly frameworkErrors: <Raw extends RawServerBase>(
    error: Error,
    request: FastifyRequest<RouteGenericInterface, Raw>,
    reply: FastifyReply<RouteGenericInterface, Raw>,
  ) => void;
  readonly clientErrorHandler: (error: ConnectionError, socket: Socket) => void;
  readonly http: { readonly requireHostHeader: false };
  readonly return503OnClosing: false;
}

/**
 * Makes the options of a Fastify server whose errors all have the envelope, those included that run no hook:
 * bad URLs, malformed HTTP, a missing Host, 408, 431, 503 while closing. They take the dialect and the types
 * from the layer at the root, which must be registered: it refuses what Node and Fastify leave to it here.
 *
 * A server with TLS takes `requireHostHeader: false` in its `https` options, and has no use for `http`.
 *
 * @throws `ERRORS_INVALID_OPTION`
 * @example
 * ```ts
 * const app = Fastify({ ...serverErrors({ headers: { "x-content-type-options": "nosniff" } }) });
 * await app.register(errors);
 * ```
 */
export function serverErrors(options: ServerErrorsOptions = {}): ServerErrors {
  return {
    frameworkErrors: createFrameworkErrors(options),
    clientErrorHandler: createClientErrorHandler(options),
    http: { requireHostHeader: false },
    return503OnClosing: false,
  };
}

/**
 * Creates Fastify's `frameworkErrors`: bad URLs, parameters that are too long, constraints that fail.
 *
 * @throws `ERRORS_INVALID_OPTION`
 */
export function createFrameworkErrors(
  options: ServerErrorsOptions = {},
): ServerErrors["frameworkErrors"] {
  const { headersOf, requestIdHeader } = resolveServerOptions(options);
  return handleFrameworkError as ServerErrors["frameworkErrors"];

  function handleFrameworkError(error: Error, request: AnyRequest, reply: AnyReply): void {
    const settings = settingsOf(request.server);
    const status = (error as { statusCode?: number }).statusCode ?? 500;
    const problem = toProblem(error, circumstancesOf(request, status, settings));
    reply.headers(headersOf(request.protocol === "https"));
    if (requestIdHeader !== undefined) reply.header(requestIdHeader, problem.requestId);
    if (status >= 500) request.log.error({ err: error }, problem.detail);
    reply.send(putOn(reply, problem, dialectOf(request, settings), settings));
  }
}

/**
 * Creates Fastify's `clientErrorHandler`: what Node cannot read as HTTP, or did not get in time.
 *
 * @throws `ERRORS_INVALID_OPTION`
 */
export function createClientErrorHandler(
  options: ServerErrorsOptions = {},
): ServerErrors["clientErrorHandler"] {
  const settings = resolveServerOptions(options);
  // Fastify binds it to the app.
  return function handleClientError(this: FastifyInstance | undefined, error, socket) {
    answerClientError(this, error, socket, settings);
  };
}
