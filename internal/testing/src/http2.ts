import { once } from "node:events";
import {
  connect,
  type IncomingHttpHeaders,
  type IncomingHttpStatusHeader,
  type OutgoingHttpHeaders,
} from "node:http2";
import { onTestFinished } from "vitest";
import type { ExchangeRequest } from "./exchange.ts";

/** A whole response, its parts named as those of an injected one. */
export interface Http2Response {
  readonly statusCode: number;
  readonly headers: IncomingHttpHeaders;
  /** None where the response has no trailers. */
  readonly trailers: IncomingHttpHeaders;
  readonly body: string;
  readonly rawPayload: Buffer;
}

/**
 * Sends one request over HTTP/2 without TLS, on a connection of its own, and waits for the whole response.
 *
 * @param origin - of an app that was made with `http2: true`, as `listen` gives it
 * @param request - pseudo-headers such as `:authority` may stand among its headers
 *
 * @example
 * const { statusCode } = await requestHttp2(origin, { path: "/runs", headers: { "x-request-id": "1" } });
 */
export async function requestHttp2(
  origin: string,
  { path = "/", body, method = body === undefined ? "GET" : "POST", headers }: ExchangeRequest = {},
): Promise<Http2Response> {
  const session = connect(origin);
  onTestFinished(() => session.destroy());
  // A session that fails takes its stream along, which tells of it.
  session.on("error", () => {});
  const stream = session.request({
    ":method": method,
    ":path": path,
    ...(headers as OutgoingHttpHeaders),
  });
  stream.end(body);
  const trailers: IncomingHttpHeaders = {};
  stream.on("trailers", (received) => Object.assign(trailers, received));
  const [head] = (await once(stream, "response")) as [
    IncomingHttpHeaders & IncomingHttpStatusHeader,
  ];
  const rawPayload = Buffer.concat(await stream.toArray());
  session.close();
  return {
    statusCode: Number(head[":status"]),
    headers: head,
    trailers,
    body: rawPayload.toString(),
    rawPayload,
  };
}
