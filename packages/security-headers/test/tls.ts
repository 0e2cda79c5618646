import { once } from "node:events";
import type { ClientRequestArgs, IncomingMessage } from "node:http";
import { request as httpsRequest } from "node:https";
import type { AddressInfo } from "node:net";
import type { FastifyInstance } from "fastify";
import { onTestFinished } from "vitest";

interface Psk<Callback> {
  readonly pskCallback: Callback;
  readonly ciphers: "PSK";
  readonly maxVersion: "TLSv1.2";
}

/** TLS by a key that both sides know: no certificate is needed. */
const KEY = Buffer.from("a key that both sides of a test know");
export const SERVER: Psk<() => Buffer> = {
  pskCallback: () => KEY,
  ciphers: "PSK",
  maxVersion: "TLSv1.2",
};
export const CLIENT: Psk<() => { psk: Buffer; identity: string }> & {
  checkServerIdentity(): undefined;
} = {
  pskCallback: () => ({ psk: KEY, identity: "test" }),
  ciphers: "PSK",
  maxVersion: "TLSv1.2",
  checkServerIdentity: () => undefined,
};

/** Starts an app that was made with `https: SERVER`, and asks it over TLS. */
export async function overTls(
  app: FastifyInstance,
  { body, ...options }: ClientRequestArgs & { body?: string | undefined },
): Promise<IncomingMessage> {
  await app.listen({ port: 0, host: "127.0.0.1" });
  onTestFinished(() => app.close());
  const { port } = app.server.address() as AddressInfo;
  const request = httpsRequest({ ...CLIENT, host: "127.0.0.1", port, ...options }).end(body);
  const [response] = await once(request, "response");
  response.resume();
  return response;
}
