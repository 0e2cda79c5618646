import { WAYS } from "@enfilade/line-testing";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseForwarded } from "../src/forwarded.ts";
import { ask, hostApp } from "./apps.ts";
import { malformedHost } from "./arbitraries.ts";

/** inject() comes from 127.0.0.1. */
const TRUSTED = { trustProxy: "127.0.0.1" };
const STRANGER = { trustProxy: "10.0.0.1" };
const hosts = ["example.com"];

describe.each(WAYS)("%s, X-Forwarded-Host", (way) => {
  test("is the host that counts where the peer is a trusted proxy", async () => {
    const app = await hostApp(way, { hosts }, TRUSTED);
    const from = (value: string) =>
      ask(app, "upstream:3000", { headers: { "x-forwarded-host": value } });

    expect(await from("example.com")).toMatchObject({ status: 200, body: "example.com" });
    expect(await from("evil.example, example.com")).toMatchObject({ body: "example.com" });
    expect(await from("example.com, evil.example")).toMatchObject({ code: "TRUSTED_HOST_UNKNOWN" });
    expect(await from("evil.example")).toMatchObject({ code: "TRUSTED_HOST_UNKNOWN" });
    expect(await from("a@b")).toMatchObject({ code: "TRUSTED_HOST_MALFORMED" });
  });

  test("does not excuse a Host that is none", async () => {
    const app = await hostApp(way, { hosts }, TRUSTED);

    expect(await ask(app, "a@b", { headers: { "x-forwarded-host": "example.com" } })).toMatchObject(
      {
        code: "TRUSTED_HOST_MALFORMED",
      },
    );
  });

  test.each([
    ["another peer is trusted", STRANGER],
    ["nobody is trusted", {}],
    // Not in Fastify's types any more, and still in its documentation.
    ["hops are counted, which does not tell who the peer is", { trustProxy: 1 } as object],
  ])("is ignored where %s", async (_when, serverOptions) => {
    const app = await hostApp(way, { hosts }, serverOptions);

    await fc.assert(
      fc.asyncProperty(
        fc.oneof(malformedHost, fc.domain()).filter((value) => !/[\r\n]/.test(value)),
        async (value) => {
          const headers = { "x-forwarded-host": value };
          expect(await ask(app, "example.com", { headers })).toMatchObject({
            status: 200,
            body: "example.com",
          });
        },
      ),
      { numRuns: 50 },
    );
    const headers = { "x-forwarded-host": "example.com" };
    expect((await ask(app, "evil.example", { headers })).status).toBe(400);
  });
});

describe.each(WAYS)("%s, Forwarded", (way) => {
  const from = 'for=10.0.0.9;host="example.com:8080";proto=https';

  test("is read from a trusted proxy where that is asked for, and Fastify says the same after", async () => {
    const app = await hostApp(way, { hosts: ["example.com:8080"], forwarded: true }, TRUSTED);
    app.get("/seen", async ({ host, hostname, port, protocol }) => ({
      host,
      hostname,
      port,
      protocol,
    }));

    const seen = await ask(app, "upstream", { url: "/seen", headers: { forwarded: from } });

    expect(JSON.parse(seen.body)).toEqual({
      host: "example.com:8080",
      hostname: "example.com",
      port: 8080,
      protocol: "https",
    });
  });

  test("is ignored where that is not asked for", async () => {
    const app = await hostApp(way, { hosts }, TRUSTED);

    expect((await ask(app, "example.com", { headers: { forwarded: from } })).status).toBe(200);
    expect((await ask(app, "upstream", { headers: { forwarded: from } })).status).toBe(400);
  });

  test.each([
    ["another peer is trusted", STRANGER],
    ["nobody is trusted", {}],
  ])("is ignored where %s", async (_when, serverOptions) => {
    const app = await hostApp(way, { hosts, forwarded: true }, serverOptions);

    const headers = { forwarded: "host=example.com" };
    expect((await ask(app, "evil.example", { headers })).status).toBe(400);
    const other = { forwarded: "host=evil.example" };
    expect(await ask(app, "example.com", { headers: other })).toMatchObject({
      body: "example.com",
    });
  });

  test.each([
    ["is not well-formed", { forwarded: "host=example.com;;" }],
    ["names the host twice", { forwarded: "host=example.com;host=evil.example" }],
    ["has a host that is none", { forwarded: 'host="a@b"' }],
    [
      "disagrees with X-Forwarded-Host",
      { forwarded: "host=example.com", "x-forwarded-host": "evil.example" },
    ],
    [
      "disagrees with X-Forwarded-Proto",
      { forwarded: "host=example.com;proto=https", "x-forwarded-proto": "http" },
    ],
  ])("that %s is refused", async (_what, headers) => {
    const app = await hostApp(way, { hosts, forwarded: true }, TRUSTED);

    expect(await ask(app, "example.com", { headers })).toMatchObject({
      code: "TRUSTED_HOST_MALFORMED",
    });
  });

  test("without a host leaves the Host as it is", async () => {
    const app = await hostApp(way, { hosts, forwarded: true }, TRUSTED);

    const headers = { forwarded: "for=10.0.0.9;proto=https" };
    expect(await ask(app, "example.com", { headers })).toMatchObject({ body: "example.com" });
  });
});

describe("the header Forwarded", () => {
  test.each([
    ["host=a.example", { host: "a.example", proto: undefined }],
    ['for="[::1]:80";host="a.example:80" ; proto=HTTPS', { host: "a.example:80", proto: "HTTPS" }],
    ["host=a.example, host=b.example", { host: "b.example", proto: undefined }],
    ['for="a, host=evil";host=a.example', { host: "a.example", proto: undefined }],
    ["for=1.2.3.4:80;host=a.example:80", { host: "a.example:80", proto: undefined }],
    ['host="a\\.example"', { host: "a.example", proto: undefined }],
  ])("%s", (header, expected) => {
    expect(parseForwarded(header)).toEqual(expected);
  });

  test.each(["", ",", "host", "host=", 'host="a', "host=a b", "host=a;host=b", "host=a,,host=b"])(
    "%j is not well-formed",
    (header) => {
      expect(parseForwarded(header)).toBeUndefined();
    },
  );

  test("is read back as it was written, whatever its values", () => {
    const quote = (text: string) => `"${text.replaceAll(/["\\]/g, "\\$&")}"`;
    const printable = fc.string({ unit: "grapheme-ascii" });
    fc.assert(
      fc.property(fc.array(fc.tuple(printable, printable), { minLength: 1 }), (elements) => {
        const header = elements
          .map(([host, by]) => `by=${quote(by)};host=${quote(host)}`)
          .join(", ");
        expect(parseForwarded(header)?.host).toBe(elements.at(-1)?.[0]);
      }),
    );
  });
});
