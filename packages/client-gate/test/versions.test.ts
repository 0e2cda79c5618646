import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { compareToBound, parseVersion, parseVersionRange } from "../src/versions.ts";

const numbers = fc.array(fc.integer({ min: 0, max: 30 }), { minLength: 1, maxLength: 4 });
const pre = fc.constantFrom("", "-alpha", "-beta.2", "-beta.11", "rc1", "-rc.1", "-0.3");
const version = fc.tuple(numbers, pre).map(([parts, suffix]) => parts.join(".") + suffix);
const release = numbers.map((parts) => parts.join("."));

function inRange(text: string, range: string): boolean {
  const parsed = parseVersion(text);
  const has = parseVersionRange(range);
  if (has === undefined) throw new Error(`no range: ${range}`);
  return parsed !== undefined && has(parsed);
}

describe("versions", () => {
  test("before, at and after a bound exclude each other, and one of them holds", () => {
    fc.assert(
      fc.property(version, version, (one, bound) => {
        const held = ["<", "=", ">"].filter((operator) => inRange(one, `${operator}${bound}`));
        expect(held).toHaveLength(1);
        expect(inRange(one, `<=${bound}`)).toBe(held[0] !== ">");
        expect(inRange(one, `>=${bound}`)).toBe(held[0] !== "<");
      }),
    );
  });

  test("with four numbers compare as the numbers do, one after the other", () => {
    const four = fc.tuple(
      ...([1, 2, 3, 4].map(() => fc.nat({ max: 999 })) as [fc.Arbitrary<number>]),
    );
    // An independent model: the four numbers as one.
    const value = (parts: readonly number[]) => parts.reduce((sum, part) => sum * 1000 + part, 0);
    fc.assert(
      fc.property(four, four, (one, other) => {
        const difference = value(one) - value(other);
        expect(inRange(one.join("."), `<${other.join(".")}`)).toBe(difference < 0);
        expect(inRange(one.join("."), `=${other.join(".")}`)).toBe(difference === 0);
      }),
    );
  });

  test("that a bound begins are at it, so that nothing of 2.4 is beyond 2.4", () => {
    fc.assert(
      fc.property(release, numbers, (bound, more) => {
        const longer = `${bound}.${more.join(".")}`;
        expect(inRange(longer, bound)).toBe(true);
        expect(inRange(longer, `>${bound}`)).toBe(false);
        expect(inRange(longer, `<=${bound}`)).toBe(true);
      }),
    );
  });

  test("that lack numbers have zeros there", () => {
    expect(inRange("2", "<2.4")).toBe(true);
    expect(inRange("2", "=2.0.0")).toBe(true);
    expect(inRange("2", ">=2.0.1")).toBe(false);
  });

  test.each([
    ["2.3.9", "<2.4", true],
    ["2.4.0", "<2.4", false],
    ["2.10.0", "<2.4", false],
    ["2.4.0-beta.1", "<2.4", true],
    ["2.4.1-beta.1", "<2.4", false],
    ["2.4.0-beta.1", ">=2.4.0-beta.1", true],
    ["2.4.0-beta.2", "<2.4.0-beta.10", true],
    ["2.4.0-alpha", "<2.4.0-beta", true],
    ["2.4.0-1", "<2.4.0-alpha", true],
    ["2.4.0-rc", "<2.4.0-rc.1", true],
    ["2.4.0rc1", "<2.4", true],
    ["2.4.0.dev3", "<2.4", true],
    ["2.4.0+build.7", "=2.4.0", true],
    ["v1.9", ">=1.2 <2", true],
    ["2.0", ">=1.2 <2", false],
    ["3.0.7", ">=1.2 <2 || =3.0", true],
    ["537.36", ">= 537 < 538", true],
    ["1.0.0.17", ">1.0.0.9", true],
  ])("%s and %s: %s", (text, range, expected) => {
    expect(inRange(text, range)).toBe(expected);
  });

  test.each(["", "latest", ".1", "1.", "1..2", "-1", "1.2.3-", "1234567890123456", "1,2", "𝟙.2"])(
    "are none, and in no range: %j",
    (text) => {
      expect(parseVersion(text)).toBeUndefined();
    },
  );

  test("are read of whatever is sent, and compare with whatever is a version", () => {
    fc.assert(
      fc.property(fc.string(), version, (text, bound) => {
        const parsed = parseVersion(text);
        const other = parseVersion(bound);
        if (parsed === undefined || other === undefined) return;
        expect(Number.isNaN(compareToBound(parsed, other))).toBe(false);
      }),
    );
    expect(parseVersion(`1${".1".repeat(8000)}!`)).toBeUndefined();
    expect(parseVersion(`1-${"a-".repeat(8000)}!`)).toBeUndefined();
  });
});

test.each([
  "",
  " ",
  "^1.2",
  "~1.2",
  "1.x",
  "1.2.*",
  "*",
  "x",
  "1.2 - 2.3",
  "=>1",
  "<",
  "<2 ||",
  "|| <2",
  "<2 | 3",
  "latest",
])("no range: %j", (range) => {
  expect(parseVersionRange(range)).toBeUndefined();
});
