import { once } from "node:events";
import { type ClientHttp2Session, connect, type OutgoingHttpHeaders } from "node:http2";
import { request } from "node:https";
import { type Listening, listen } from "@enfilade/testing";
import Fastify from "fastify";
import { describe, expect, onTestFinished, test } from "vitest";
import { trustedHost } from "../src/index.ts";

async function sessionWith(hosts: readonly string[]): Promise<ClientHttp2Session> {
  const app = Fastify({ http2: true });
  await app.register(trustedHost, { hosts });
  app.get("/", async ({ host }) => host);
  const session = connect(await listen(app as unknown as Listening));
  onTestFinished(() => session.destroy());
  return session;
}

async function get(
  session: ClientHttp2Session,
  headers: OutgoingHttpHeaders,
): Promise<{ status: unknown; body: string }> {
  const stream = session.request({ ":path": "/", ...headers });
  const [response] = await once(stream, "response");
  return {
    status: response[":status"],
    body: Buffer.concat(await stream.toArray()).toString(),
  };
}

describe("over HTTP/2", () => {
  test("the authority is the host, and Host may repeat it", async () => {
    const session = await sessionWith(["a.example"]);

    expect(await get(session, { ":authority": "a.example" })).toMatchObject({ status: 200 });
    const both = { ":authority": "a.example", host: "A.example." };
    expect(await get(session, both)).toMatchObject({ status: 200 });
  });

  test("an authority and a Host that disagree are refused (RFC 9113, section 8.3.1)", async () => {
    const session = await sessionWith(["a.example", "b.example"]);

    const refused = await get(session, { ":authority": "a.example", host: "b.example" });

    expect(refused.status).toBe(400);
    expect(refused.body).toContain("TRUSTED_HOST_MALFORMED");
  });

  test("another host is misdirected: the client may try again over a connection of its own", async () => {
    const session = await sessionWith(["a.example"]);

    const refused = await get(session, { ":authority": "evil.example" });

    expect(refused.status).toBe(421);
    expect(refused.body).toContain("TRUSTED_HOST_MISDIRECTED");
    // Newer releases of Node refuse what is worse by themselves.
    expect((await get(session, { ":authority": "127.1" })).status).toBe(400);
  });
});

test("over TLS another host is misdirected as well, and the connection counts as secure", async () => {
  // A key that both sides know: TLS without a certificate.
  const psk = Buffer.alloc(32, 1);
  const shared = { ciphers: "PSK", minVersion: "TLSv1.2", maxVersion: "TLSv1.2" } as const;
  const app = Fastify({ https: { ...shared, pskCallback: () => psk } });
  await app.register(trustedHost, { hosts: ["a.example"], httpsRedirect: true });
  app.get("/", async ({ host }) => host);
  const { port } = new URL(await listen(app as unknown as Listening));
  const getOver = async (host: string) => {
    const options = {
      ...shared,
      port,
      host: "127.0.0.1",
      headers: { host },
      agent: false,
      pskCallback: () => ({ psk, identity: "client" }),
      checkServerIdentity: () => undefined,
    };
    const outgoing = request(options);
    outgoing.end();
    const [response] = await once(outgoing, "response");
    response.resume();
    return response.statusCode;
  };

  expect(await getOver("a.example")).toBe(200);
  expect(await getOver("evil.example")).toBe(421);
});
