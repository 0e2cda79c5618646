import { once } from "node:events";
import type { IncomingMessage, OutgoingHttpHeaders } from "node:http";
import { type RequestOptions, request as send } from "node:https";
import type { ConnectionOptions, TlsOptions } from "node:tls";
import type { ExchangeRequest } from "./exchange.ts";

const KEY = Buffer.from("a key that both sides of a test know");
const shared = { ciphers: "PSK", minVersion: "TLSv1.2", maxVersion: "TLSv1.2" } as const;

/** TLS by a key that both sides know, which needs no certificate. Goes into `Fastify({ https })`. */
export const TLS_SERVER: TlsOptions = { ...shared, pskCallback: () => KEY };

/** The other side of {@link TLS_SERVER}. */
export const TLS_CLIENT: ConnectionOptions = {
  ...shared,
  pskCallback: () => ({ psk: KEY, identity: "test" }),
  checkServerIdentity: () => undefined,
};

/**
 * Sends one request over TLS and HTTP/1.1, on a connection of its own, and gives the head of its response.
 *
 * @param origin - of an app that was made with `https: TLS_SERVER`, as `listen` gives it
 *
 * @example
 * const { statusCode } = await requestTls(origin, { path: "/runs" });
 */
export async function requestTls(
  origin: string,
  {
    path = "/",
    body,
    method = body === undefined ? "GET" : "POST",
    headers = {},
  }: ExchangeRequest = {},
): Promise<IncomingMessage> {
  const options: RequestOptions = { method, path, headers: headers as OutgoingHttpHeaders };
  const outgoing = send(origin, { ...TLS_CLIENT, agent: false, ...options }).end(body);
  const [response] = await once(outgoing, "response");
  response.resume();
  return response;
}
