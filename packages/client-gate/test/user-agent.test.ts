import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { UserAgentPattern } from "../src/index.ts";
import { coversPattern, matchesProduct, parsePattern } from "../src/products.ts";
import { parseUserAgent } from "../src/user-agent.ts";
import { userAgentText } from "./arbitraries.ts";

const pattern = (given: UserAgentPattern) =>
  parsePattern(given, (why) => {
    throw new Error(why);
  });
const meets = (given: UserAgentPattern, userAgent: string) =>
  parseUserAgent(userAgent).some((product) => matchesProduct(pattern(given), product));

describe("a User-Agent", () => {
  test("is read up to its 64th product, however many a client names", () => {
    const names = Array.from({ length: 5_000 }, (_, index) => `a/${index}`);
    expect(parseUserAgent(names.join(" "))).toHaveLength(64);
  });

  test.each([
    ["LegacyApp/1.4", [["legacyapp", "1.4"]]],
    ["curl", [["curl", undefined]]],
    [
      "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0",
      [
        ["mozilla", "5.0"],
        ["applewebkit", "537.36"],
        ["chrome", "131.0.0.0"],
      ],
    ],
    [
      "App/1 (a (b) c) Lib/2",
      [
        ["app", "1"],
        ["lib", "2"],
      ],
    ],
    [
      "App/1 (a \\) b) Lib/2",
      [
        ["app", "1"],
        ["lib", "2"],
      ],
    ],
    [
      "App/1(Fake/9)Lib/2",
      [
        ["app", "1"],
        ["lib", "2"],
      ],
    ],
    ["App/1 (never closed Lib/2", [["app", "1"]]],
    [
      "App/1 ) Lib/2",
      [
        ["app", "1"],
        ["lib", "2"],
      ],
    ],
    [
      "App/1/extra Lib/",
      [
        ["app", "1"],
        ["lib", undefined],
      ],
    ],
    ["/1.0 =x Lib/2", [["lib", "2"]]],
    [
      "My%20App/12 CFNetwork/1.0",
      [
        ["my%20app", "12"],
        ["cfnetwork", "1.0"],
      ],
    ],
    ["", []],
    ["()", []],
  ])("%j has its products, and comments have none", (text, expected) => {
    expect(parseUserAgent(text).map(({ name, version }) => [name, version])).toEqual(expected);
  });

  test("of any kind is read, and its products are tokens", () => {
    fc.assert(
      fc.property(userAgentText, (text) => {
        for (const { name, version = "0" } of parseUserAgent(text)) {
          expect(`${name}/${version}`).toMatch(
            /^[!#$%&'*+.^_`|~0-9a-z-]+\/[!#$%&'*+.^_`|~0-9A-Za-z-]+$/,
          );
        }
      }),
    );
  });

  test("that is well-formed gives back what it was made of", () => {
    const token = fc.stringMatching(/^[a-z][a-z0-9._-]{0,8}$/);
    const comment = fc
      .stringMatching(/^[A-Za-z0-9/ ;,]{0,12}$/)
      .map((text) => `(${text} (${text}))`);
    const product = fc.record({ name: token, version: fc.option(token, { nil: undefined }) });
    fc.assert(
      fc.property(fc.array(fc.tuple(product, fc.array(comment, { maxLength: 2 }))), (items) => {
        const text = items
          .flatMap(([{ name, version }, comments]) => [
            version === undefined ? name : `${name}/${version}`,
            ...comments,
          ])
          .join(" ");
        expect(parseUserAgent(text)).toEqual(items.map(([made]) => made));
      }),
    );
  });

  test("is read in one pass, however deep its comments are", () => {
    const deep = `${"(".repeat(50_000)}${")".repeat(50_000)} App/1`;
    expect(parseUserAgent(deep)).toEqual([{ name: "app", version: "1" }]);
  });
});

describe("a pattern", () => {
  test.each<[UserAgentPattern, string, boolean]>([
    ["LegacyApp", "LegacyApp", true],
    ["LegacyApp", "legacyapp/7", true],
    ["LegacyApp", "LegacyAppPro/1", false],
    ["LegacyApp", "Mozilla/5.0 (LegacyApp/1.0)", false],
    ["LegacyApp", "Mozilla/5.0 LegacyApp/1.0", true],
    ["LegacyApp/1.", "LegacyApp/1.4.2", true],
    ["LegacyApp/1.", "LegacyApp/1", true],
    ["LegacyApp/1.", "LegacyApp/1.0-beta", true],
    ["LegacyApp/1.", "LegacyApp/10.1", false],
    ["LegacyApp/1", "LegacyApp/10", false],
    ["LegacyApp/1.4", "LegacyApp/1.40", false],
    ["LegacyApp/1.", "LegacyApp", false],
    ["LegacyApp/RC", "LegacyApp/rc2", false],
    ["Legacy*", "LegacyApp/3", true],
    ["Legacy*/1.", "LegacyApp/1.1", true],
    ["Legacy*", "MyLegacy/3", false],
    [{ product: "acme-sdk", version: "<2.4" }, "acme-sdk/2.3", true],
    [{ product: "ACME-*", version: "<2.4" }, "acme-sdk/2.3", true],
    [{ product: "acme-sdk", version: "<2.4" }, "acme-sdk/2.4", false],
    [{ product: "acme-sdk", version: "<2.4" }, "acme-sdk/nightly", false],
    [{ product: "acme-sdk", version: "<2.4" }, "acme-sdk", false],
  ])("%j and %s: %s", (given, userAgent, expected) => {
    expect(meets(given, userAgent)).toBe(expected);
  });

  test("that covers another one meets whatever that meets", () => {
    const name = fc.constantFrom("a", "ab", "abc", "a*", "ab*");
    const given = fc.oneof(
      name,
      fc.tuple(name, fc.constantFrom("1", "1.", "1.2", "12")).map((parts) => parts.join("/")),
      fc.record({ product: name, version: fc.constantFrom("<2", "< 2", ">=1.2") }),
    );
    const product = fc.record({
      name: fc.constantFrom("a", "ab", "abc", "abcd"),
      version: fc.constantFrom(undefined, "1", "1.2", "1.2.3", "12", "2"),
    });
    fc.assert(
      fc.property(given, given, product, (outer, inner, one) => {
        fc.pre(coversPattern(pattern(outer), pattern(inner)));
        fc.pre(matchesProduct(pattern(inner), one));
        expect(matchesProduct(pattern(outer), one)).toBe(true);
      }),
      { numRuns: 500 },
    );
    expect(coversPattern(pattern("a*"), pattern("ab/1"))).toBe(true);
    expect(coversPattern(pattern("ab/1"), pattern("a*"))).toBe(false);
  });
});
