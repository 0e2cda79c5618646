import { createApp } from "@enfilade/line-testing";
import { listen, requestHttp2, requestTls, TLS_SERVER } from "@enfilade/testing";
import { describe, expect, test } from "vitest";
import { trustedHost } from "../src/index.ts";

async function originOf(hosts: readonly string[]): Promise<string> {
  const app = await createApp({ http2: true });
  await app.register(trustedHost, { hosts });
  app.get("/", async ({ host }) => host);
  return await listen(app);
}

const get = (origin: string, headers: Record<string, string>) => requestHttp2(origin, { headers });

describe("over HTTP/2", () => {
  test("the authority is the host, and Host may repeat it", async () => {
    const origin = await originOf(["a.example"]);

    expect(await get(origin, { ":authority": "a.example" })).toMatchObject({
      statusCode: 200,
    });
    const both = { ":authority": "a.example", host: "A.example." };
    expect(await get(origin, both)).toMatchObject({ statusCode: 200 });
  });

  test("an authority and a Host that disagree are refused (RFC 9113, section 8.3.1)", async () => {
    const origin = await originOf(["a.example", "b.example"]);

    const refused = await get(origin, { ":authority": "a.example", host: "b.example" });

    expect(refused.statusCode).toBe(400);
    expect(refused.body).toContain("TRUSTED_HOST_MALFORMED");
  });

  test("another host is misdirected: the client may try again over a connection of its own", async () => {
    const origin = await originOf(["a.example"]);

    const refused = await get(origin, { ":authority": "evil.example" });

    expect(refused.statusCode).toBe(421);
    expect(refused.body).toContain("TRUSTED_HOST_MISDIRECTED");
    // Newer releases of Node refuse what is worse by themselves.
    expect((await get(origin, { ":authority": "127.1" })).statusCode).toBe(400);
  });
});

test("over TLS another host is misdirected as well, and the connection counts as secure", async () => {
  const app = await createApp({ https: TLS_SERVER });
  await app.register(trustedHost, { hosts: ["a.example"], httpsRedirect: true });
  app.get("/", async ({ host }) => host);
  const origin = await listen(app);
  const statusFor = async (host: string) =>
    (await requestTls(origin, { headers: { host } })).statusCode;

  expect(await statusFor("a.example")).toBe(200);
  expect(await statusFor("evil.example")).toBe(421);
});
