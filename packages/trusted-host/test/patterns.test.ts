import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseHost } from "../src/host.ts";
import { compileHosts } from "../src/patterns.ts";
import { hostname as anyHostname } from "./arbitraries.ts";

function allows(patterns: readonly string[], host: string, localPort = 3000): boolean {
  const list = compileHosts(patterns, (pattern, why) => {
    throw new Error(`${pattern}: ${why}`);
  });
  const parsed = parseHost(host);
  if (parsed === undefined) throw new Error(`${host} is no host`);
  return list.has(parsed, localPort);
}

describe("a pattern", () => {
  test.each([
    ["example.com", "example.com", true],
    ["Example.COM.", "EXAMPLE.com.", true],
    ["example.com", "www.example.com", false],
    ["example.com", "example.com.evil.test", false],
    ["example.com", "evil-example.com", false],
    ["example.com", "exampleXcom.test", false],
    ["*.example.com", "a.example.com", true],
    ["*.example.com", "a.b.example.com", true],
    ["*.example.com", "example.com", false],
    ["*.example.com", "evilexample.com", false],
    ["*.example.com", "a.example.com.evil.test", false],
    ["bücher.example", "xn--bcher-kva.example", true],
    ["*.bücher.example:8080", "a.xn--bcher-kva.example:8080", true],
    ["[::1]", "[0:0:0:0:0:0:0:1]", true],
    ["[2001:db8::1]:8080", "[2001:DB8::1]:8080", true],
    ["127.0.0.1", "127.0.0.1", true],
    ["127.0.0.1", "127.0.0.10", false],
  ])("%s for %s: %s", (pattern, host, expected) => {
    expect(allows([pattern], host)).toBe(expected);
  });

  test.each([
    ["example.com", "example.com:80", true],
    ["example.com", "example.com:443", true],
    ["example.com", "example.com:3000", true],
    ["example.com", "example.com:1337", false],
    ["example.com:8080", "example.com:8080", true],
    ["example.com:8080", "example.com", false],
    ["example.com:8080", "example.com:3000", false],
    ["example.com:*", "example.com:1337", true],
    ["*.example.com:*", "a.example.com:1337", true],
    ["*.example.com", "a.example.com:1337", false],
  ])("%s takes the port of %s, where requests come in by 3000: %s", (pattern, host, expected) => {
    expect(allows([pattern], host)).toBe(expected);
  });

  test("may stand beside one for the same name and another port", () => {
    const patterns = ["example.com:8080", "example.com:9090"];
    expect(allows(patterns, "example.com:9090")).toBe(true);
    expect(allows(patterns, "example.com:7070")).toBe(false);
  });

  test("for one name allows no other, and a wildcard no name outside of it", () => {
    fc.assert(
      fc.property(anyHostname, anyHostname, (ours, theirs) => {
        const host = parseHost(theirs)?.hostname ?? "";
        expect(allows([ours], theirs)).toBe(parseHost(ours)?.hostname === host);
        if (!ours.startsWith("[") && !/\.\d+$/.test(ours)) {
          expect(allows([`*.${ours}`], theirs)).toBe(host.endsWith(`.${ours.toLowerCase()}`));
        }
      }),
    );
  });
});
