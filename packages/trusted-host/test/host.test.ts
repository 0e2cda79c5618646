import { isIPv6 } from "node:net";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { formatHost, parseHost } from "../src/host.ts";
import { hostname as anyHostname, malformedHost } from "./arbitraries.ts";

describe("a host", () => {
  test.each([
    ["example.com", "example.com", undefined],
    ["EXAMPLE.com", "example.com", undefined],
    ["example.com.", "example.com", undefined],
    ["example.com:8080", "example.com", 8080],
    ["example.com.:65535", "example.com", 65_535],
    ["localhost:3000", "localhost", 3000],
    ["my_service", "my_service", undefined],
    ["xn--bcher-kva.example", "xn--bcher-kva.example", undefined],
    ["127.0.0.1:80", "127.0.0.1", 80],
    ["[::1]", "[::1]", undefined],
    ["[2001:DB8:0:0:0:0:0:1]:443", "[2001:db8::1]", 443],
    ["[::ffff:1.2.3.4]", "[::ffff:102:304]", undefined],
  ])("%s has one normal form", (text, hostname, port) => {
    expect(parseHost(text)).toEqual({ hostname, port });
  });

  test.each([
    ["nothing", ""],
    ["two hosts", "a.example, b.example"],
    ["user information", "a@b.example"],
    ["a password", "a:b@c.example"],
    ["an open bracket", "[::1"],
    ["a closed bracket", "::1]"],
    ["IPv6 without brackets", "::1"],
    ["something after the bracket", "[::1]x"],
    ["a zone", "[fe80::1%eth0]"],
    ["IPv6 that is none", "[1:2:3]"],
    ["a port that is too high", "a.example:99999"],
    ["a port of nothing", "a.example:"],
    ["the port 0", "a.example:0"],
    ["a port with a leading zero", "a.example:080"],
    ["a port alone", ":80"],
    ["two ports", "a.example:80:80"],
    ["a port that is a word", "a.example:http"],
    ["a path", "a.example/b"],
    ["a query", "a.example?b"],
    ["a scheme", "http://a.example"],
    ["a backslash", "a.example\\b"],
    ["white space", "a example"],
    ["a tab", "a\texample"],
    ["a control character", "a\u0000.example"],
    ["percent-encoding", "a%2eexample"],
    ["a name that is not in ASCII", "bücher.example"],
    ["bytes that look like letters", "ａ.example"],
    ["an empty label", "a..example"],
    ["a dot alone", "."],
    ["two trailing dots", "a.example.."],
    ["a leading dot", ".example"],
    ["a leading dash", "-a.example"],
    ["a trailing dash", "a-.example"],
    ["a star", "*.example"],
    ["a label that is too long", `${"a".repeat(64)}.example`],
    ["a name that is too long", `${"a.".repeat(150)}example`],
    ["an address in decimal", "2130706433"],
    ["an address in octal", "0177.0.0.1"],
    ["an address in hexadecimal", "0x7f.0x0.0x0.0x1"],
    ["an address in short", "127.1"],
    ["an address out of range", "256.0.0.1"],
  ])("is not what has %s", (_what, text) => {
    expect(parseHost(text)).toBeUndefined();
  });

  test("is not whatever cannot be exactly one (case 53)", () => {
    fc.assert(
      fc.property(malformedHost, (text) => {
        expect(parseHost(text)).toBeUndefined();
      }),
      { numRuns: 2000 },
    );
  });

  test("is read as URLs are read, where it is read at all", () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.webAuthority(), fc.domain(), fc.ipV6()), (text) => {
        const host = parseHost(text);
        if (host === undefined) return;
        const url = new URL(`https://${text}/`);
        expect(url.hostname.replace(/\.$/, "")).toBe(host.hostname);
        expect(url.port).toBe(
          host.port === undefined || host.port === 443 ? "" : String(host.port),
        );
        expect([url.username, url.password, url.pathname]).toEqual(["", "", "/"]);
      }),
      { numRuns: 2000 },
    );
  });

  test("has one normal form, which is a host itself", () => {
    const port = fc.option(fc.integer({ min: 1, max: 65_535 }), { nil: undefined });
    fc.assert(
      fc.property(anyHostname, port, fc.boolean(), (hostname, number, upper) => {
        const text = formatHost({ hostname, port: number });
        const host = parseHost(upper ? text.toUpperCase() : text);
        expect(host).toEqual({ hostname: expect.any(String), port: number });
        if (host === undefined) return;
        expect(parseHost(formatHost(host))).toEqual(host);
        expect(host.hostname.startsWith("[")).toBe(isIPv6(hostname.slice(1, -1)));
      }),
    );
  });
});
