import { exchangeOf, type Outcome } from "@enfilade/layer";
import type { FastifyReply, FastifyRequest } from "fastify";
import type { Bodies, BodyText } from "./bodies.ts";
import { headersOf } from "./headers.ts";
import type { RouteSettings, Settings } from "./options.ts";
import type { Secrets } from "./secrets.ts";
import { plain } from "./text.ts";
import type { RequestLogLine } from "./types.ts";
import { redactText, redactUrl } from "./url.ts";
import { type Watch, watchOf } from "./watch.ts";

const MAX_URL_LENGTH = 2048;
const MAX_AGENT_LENGTH = 256;
const MAX_MESSAGE_LENGTH = 512;
const MAX_NAME_LENGTH = 128;

/** Builds the lines of one registration. */
export interface Lines {
  /** Builds the line of an exchange that has ended. */
  of(
    request: FastifyRequest,
    reply: FastifyReply,
    outcome: Outcome,
    about: { status: number | undefined; route: string | undefined; settings: RouteSettings },
    responseBody: BodyText | undefined,
  ): RequestLogLine;
}

type Mutable<T> = { -readonly [Key in keyof T]: T[Key] };

/** Creates {@link Lines}. */
export function createLines(settings: Settings, secrets: Secrets, bodies: Bodies): Lines {
  const { omit, requestHeaders, responseHeaders, extra } = settings;
  const hasSecretParameter = createParameterTest(secrets);

  /** A path whose parameter is a secret, `/reset/:token`, is told by its pattern alone. */
  function urlOf(request: FastifyRequest, route: string | undefined): string {
    const { originalUrl } = request;
    if (route === undefined || !hasSecretParameter(route)) return redactUrl(originalUrl, secrets);
    const query = originalUrl.search(/[?#]/);
    return query === -1 ? route : route + redactUrl(originalUrl.slice(query), secrets);
  }

  return {
    of(request, reply, outcome, { status, route, settings: { requestBody } }, responseBody) {
      const exchange = exchangeOf(request);
      const startedAt = exchange?.startedAt ?? 0;
      const seen = watchOf(request);
      const error = errorOf(reply, seen, outcome);
      const isFault = outcome === "errored" || (status !== undefined && status >= 500);
      const { principal } = request as { principal?: { id?: unknown; kind?: unknown } | null };
      const agent = request.headers["user-agent"];
      const sentBody = requestBody
        ? bodies.ofParsed(request.body, request.headers["content-type"])
        : undefined;
      // One literal with every field: one hidden class for all lines, and no field of a client's choosing.
      const line: Mutable<RequestLogLine> = {
        method: request.method,
        route,
        url: plain(urlOf(request, route), MAX_URL_LENGTH),
        status,
        outcome,
        headersMs: since(startedAt, exchange?.headersAt),
        firstByteMs: since(startedAt, exchange?.firstByteAt),
        totalMs: since(startedAt, exchange?.settledAt) ?? 0,
        bytesReceived: seen?.bytesReceived,
        bytesSent: seen && (hasNoBody(request, status) ? 0 : seen.bytesSent),
        address: addressOf(seen === undefined ? request.ip : seen.address),
        principal: nameOf(principal?.id),
        principalKind: nameOf(principal?.kind),
        userAgent: agent === undefined ? undefined : plain(agent, MAX_AGENT_LENGTH),
        httpVersion: request.raw.httpVersion,
        err: isFault ? error : undefined,
        errorCode: isFault ? undefined : nameOf((error as { code?: unknown } | undefined)?.code),
        errorMessage: isFault ? undefined : messageOf(error, secrets),
        requestHeaders: headersOf(requestHeaders, (name) => request.headers[name], secrets),
        responseHeaders: headersOf(
          responseHeaders,
          (name) => reply.raw.getHeader(name) ?? reply.getHeader(name),
          secrets,
        ),
        requestBody: sentBody?.text,
        requestBodyTruncated: sentBody?.truncated || undefined,
        responseBody: responseBody?.text,
        responseBodyTruncated: responseBody?.truncated || undefined,
        extra: undefined,
      };
      if (extra !== undefined) line.extra = extraOf(() => extra(request, reply, outcome), secrets);
      for (const field of omit) Reflect.set(line, field, undefined);
      return line;
    },
  };
}

/** Tells, once for each pattern, whether a route has a parameter whose name stands for a secret. */
function createParameterTest({ isSecret }: Secrets): (route: string) => boolean {
  const known = new Map<string, boolean>();
  return (route) => {
    let answer = known.get(route);
    if (answer === undefined) {
      answer = [...route.matchAll(/:(\w+)/g)].some(([, name = ""]) => isSecret(name));
      known.set(route, answer);
    }
    return answer;
  };
}

/** The error that was answered, or the one that broke the response off. */
function errorOf({ raw }: FastifyReply, seen: Watch | undefined, outcome: Outcome): unknown {
  const answered = seen?.error;
  if (answered !== undefined || outcome !== "errored") return answered;
  return seen?.source?.errored ?? raw.errored ?? undefined;
}

/** Microseconds are as fine as the clock is good for. */
function since(startedAt: number, at: number | undefined): number | undefined {
  return at === undefined ? undefined : Math.round((at - startedAt) * 1000) / 1000;
}

/** Node drops the body of these (RFC 9110, section 6.4.1), whatever the handler writes. */
function hasNoBody({ method }: FastifyRequest, status: number | undefined): boolean {
  return method === "HEAD" || status === 204 || status === 304;
}

function nameOf(value: unknown): string | undefined {
  return typeof value === "string" || typeof value === "number"
    ? plain(String(value), MAX_NAME_LENGTH)
    : undefined;
}

/** Behind a proxy that is trusted the address is whatever the proxy says. */
function addressOf(address: string | undefined): string | undefined {
  if (address === undefined) return undefined;
  // RFC 4291, section 2.5.5.2: an IPv4 client of a server that listens on IPv6.
  return plain(/^::ffff:[\d.]+$/i.test(address) ? address.slice(7) : address, MAX_NAME_LENGTH);
}

function messageOf(error: unknown, secrets: Secrets): string | undefined {
  const { message } = (error ?? {}) as { message?: unknown };
  return typeof message === "string"
    ? plain(redactText(message, secrets), MAX_MESSAGE_LENGTH)
    : undefined;
}

function extraOf(make: () => unknown, secrets: Secrets): unknown {
  try {
    return make();
  } catch (error) {
    return { failed: messageOf(error, secrets) ?? "extra threw" };
  }
}
