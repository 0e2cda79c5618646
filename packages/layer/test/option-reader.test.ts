import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createOptionError, type OptionReader, optionReader } from "../src/index.ts";

const PROBE_INVALID_OPTION = createOptionError("PROBE_INVALID_OPTION");

/** Reads the one option `value` out of what a plugin was registered with. */
function given(value: unknown): OptionReader {
  return optionReader("@enfilade/probe", PROBE_INVALID_OPTION, { value }, ["value"]);
}

function complaint(read: () => unknown): string {
  try {
    read();
  } catch (error) {
    if (error instanceof PROBE_INVALID_OPTION) return error.message;
    throw error;
  }
  throw new Error("nothing was refused");
}

describe("an option that is refused", () => {
  it("names the package, the option, the value that was received and the fix", () => {
    expect(() => given("yes").boolean("value", false)).toThrow(
      expect.objectContaining({
        code: "PROBE_INVALID_OPTION",
        message: '@enfilade/probe: the option value is "yes". Give true or false.',
      }),
    );
  });

  it("is a TypeError, and an instance of the package's own error", () => {
    const read = () => given(1).boolean("value", false);
    expect(read).toThrow(TypeError);
    expect(read).toThrow(PROBE_INVALID_OPTION);
  });

  it("can be refused by hand", () => {
    expect(complaint(() => given(7).refuse("value", "Give an even number."))).toBe(
      "@enfilade/probe: the option value is 7. Give an even number.",
    );
  });

  it.each([
    [null, "null"],
    [Number.NaN, "NaN"],
    [12n, "12"],
    [Symbol("s"), "Symbol(s)"],
    [() => "secret", "a function"],
    [{ password: "secret" }, "an object"],
    [["secret"], "an array of 1"],
    [/a+/g, "/a+/g"],
    ['a "b"', '"a \\"b\\""'],
    ["%s %j", '"%s %j"'],
  ])("shows %s as %s", (value, shown) => {
    const message = complaint(() => given(value).refuse("value", "Fix."));
    expect(message).toBe(`@enfilade/probe: the option value is ${shown}. Fix.`);
  });

  it.each<[string, unknown, string | number, string]>([
    ["an item of a list", ["a", 5], 1, "value[1] is 5"],
    ["a hole in a list", new Array(2), 0, "value[0] is undefined"],
    ["a member of an object", { gzip: "x" }, "gzip", 'value.gzip is "x"'],
    ["a member whose name is no word", { "/v1": "x" }, "/v1", 'value["/v1"] is "x"'],
    ["the only one, given without a list", "x", 0, 'value is "x"'],
    ["the only one, an object given without a list", { version: 1 }, 0, "value is an object"],
    ["a list that is wrong as a whole", [], -1, "value is an array of 0"],
    ["nothing at all", null, 0, "value is null"],
  ])("names and shows what is at fault: %s", (_what, value, member, shown) => {
    expect(complaint(() => given(value).refuse("value", "Fix.", member))).toBe(
      `@enfilade/probe: the option ${shown}. Fix.`,
    );
  });

  it("echoes at most 60 characters of what may be a secret, and nothing of what is in an object", () => {
    fc.assert(
      fc.property(fc.oneof(fc.string({ minLength: 61, maxLength: 300 }), fc.object()), (value) => {
        const message = complaint(() => given(value).refuse("value", "Fix."));
        const shown = message.slice(
          "@enfilade/probe: the option value is ".length,
          -". Fix.".length,
        );
        return typeof value === "string" ? shown.length <= 61 : shown === "an object";
      }),
    );
  });
});

describe("optionReader", () => {
  it("refuses an option that it does not know, with the ones that it knows", () => {
    const options = { max: 1, maxx: 2 };
    const read = () =>
      optionReader("@enfilade/probe", PROBE_INVALID_OPTION, options, ["max", "ttlMs"]);
    expect(complaint(read)).toBe(
      "@enfilade/probe: the option maxx is unknown. Use one of max, ttlMs.",
    );
  });

  it("knows no option of a plain object's prototype", () => {
    const read = optionReader("@enfilade/probe", PROBE_INVALID_OPTION, {}, ["value"]);
    expect(read.string("value", "fallback")).toBe("fallback");
    const options = JSON.parse('{"__proto__": true}');
    expect(() => optionReader("@enfilade/probe", PROBE_INVALID_OPTION, options, ["value"])).toThrow(
      PROBE_INVALID_OPTION,
    );
  });

  it("gives the default of what was left out, or undefined, and never of null", () => {
    expect(given(undefined).boolean("value", true)).toBe(true);
    expect(given(undefined).integer("value", 3, { min: 1, max: 5 })).toBe(3);
    expect(given(undefined).string("value", "a")).toBe("a");
    expect(given(undefined).oneOf("value", "a", ["a", "b"])).toBe("a");
    expect(given(undefined).strings("value", ["a"])).toEqual(["a"]);
    const read = given(null);
    expect(() => read.boolean("value", true)).toThrow(PROBE_INVALID_OPTION);
    expect(() => read.integer("value", 3, { min: 1, max: 5 })).toThrow(PROBE_INVALID_OPTION);
    expect(() => read.string("value", "a")).toThrow(PROBE_INVALID_OPTION);
    expect(() => read.oneOf("value", "a", ["a", "b"])).toThrow(PROBE_INVALID_OPTION);
    expect(() => read.strings("value", ["a"])).toThrow(PROBE_INVALID_OPTION);
  });
});

describe("inside", () => {
  const inside = (value: unknown) => given(value).inside("value", ["max", "ttlMs"]);

  it("reads the options of an option, and says inside of which it refuses one", () => {
    expect(inside({ max: 3 }).integer("max", 1, { min: 1, max: 5 })).toBe(3);
    expect(inside(undefined).integer("max", 1, { min: 1, max: 5 })).toBe(1);
    expect(complaint(() => inside({ max: 9 }).integer("max", 1, { min: 1, max: 5 }))).toBe(
      "@enfilade/probe (value): the option max is 9. Give a whole number from 1 to 5.",
    );
    expect(complaint(() => inside({ maxx: 9 }))).toBe(
      "@enfilade/probe (value): the option maxx is unknown. Use one of max, ttlMs.",
    );
  });

  it.each([null, 5, "max", ["max"], true])("refuses %j, which has none", (value) => {
    expect(complaint(() => inside(value))).toContain("Give an object with some of max, ttlMs.");
  });
});

describe("boolean", () => {
  it.each([true, false])("takes %s", (value) => {
    expect(given(value).boolean("value", !value)).toBe(value);
  });

  it.each([0, 1, "true", "", [], {}])("refuses %j, which is only something like one", (value) => {
    expect(() => given(value).boolean("value", true)).toThrow(PROBE_INVALID_OPTION);
  });
});

describe("integer", () => {
  const bounds = { min: -2, max: 4 };

  it("takes exactly the whole numbers within its bounds, both included", () => {
    fc.assert(
      fc.property(fc.oneof(fc.integer({ min: -9, max: 9 }), fc.double()), (value) => {
        const valid = Number.isInteger(value) && value >= bounds.min && value <= bounds.max;
        const read = () => given(value).integer("value", 0, bounds);
        if (valid) expect(read()).toBe(value);
        else expect(complaint(read)).toContain("Give a whole number from -2 to 4.");
      }),
    );
  });

  it.each(["3", 3n, true, [3], Number.POSITIVE_INFINITY])("refuses %s", (value) => {
    expect(() => given(value).integer("value", 0, bounds)).toThrow(PROBE_INVALID_OPTION);
  });
});

describe("string", () => {
  const rule = (pattern: RegExp) => ({ pattern, fix: "Give what it says." });

  it("takes any string that is not empty, without a rule", () => {
    expect(given(" ").string("value", "a")).toBe(" ");
    expect(complaint(() => given("").string("value", "a"))).toContain(
      '"". Give a string that is not empty.',
    );
  });

  it.each([1, ["a"], { toString: () => "a" }])("refuses %j, which is none", (value) => {
    expect(complaint(() => given(value).string("value", "a", rule(/a/)))).toContain(
      "Give what it says.",
    );
  });

  it.each([
    ["a pattern without anchors", /[a-z]+/, "abc", "abc1"],
    ["alternatives of which the first is a part of the second", /a|ab/, "ab", "abc"],
    ["anchors, where Node's $ would still let a line break through", /^ab$/m, "ab", "ab\nc"],
    ["flags that keep a state", /[a-z]+/gy, "abc", "1abc"],
  ])("matches in full: %s", (_what, pattern, good, bad) => {
    for (let time = 0; time < 2; time++) {
      expect(given(good).string("value", "a", rule(pattern))).toBe(good);
      expect(() => given(bad).string("value", "a", rule(pattern))).toThrow(PROBE_INVALID_OPTION);
    }
  });
});

describe("oneOf", () => {
  it("takes one of the values, and tells them all when it is none of them", () => {
    expect(given("b").oneOf("value", "a", ["a", "b"])).toBe("b");
    expect(complaint(() => given("c").oneOf("value", "a", ["a", "b"]))).toContain(
      "Use one of a, b.",
    );
    expect(() => given(["a"]).oneOf("value", "a", ["a", "b"])).toThrow(PROBE_INVALID_OPTION);
  });
});

describe("strings", () => {
  it("takes an array of strings, an empty one too, and gives a copy that stays as it is", () => {
    const value = ["a", "b"];
    const read = given(value).strings("value", []);
    value.push("c");
    expect(read).toEqual(["a", "b"]);
    expect(given([]).strings("value", ["a"])).toEqual([]);
  });

  it.each([
    { value: ["a", ""], shown: 'value[1] is ""' },
    { value: ["a", 1], shown: "value[1] is 1" },
    { value: [["a"]], shown: "value[0] is an array of 1" },
    { value: new Array(2), shown: "value[0] is undefined" },
    { value: { 0: "a", length: 1 }, shown: "value is an object" },
  ])("refuses $value, and names what is at fault in it", ({ value, shown }) => {
    expect(complaint(() => given(value).strings("value", ["a"]))).toBe(
      `@enfilade/probe: the option ${shown}. Give an array of strings that are not empty.`,
    );
  });

  it("refuses a single string, and does not take its characters", () => {
    expect(() => given("abc").strings("value", [])).toThrow(PROBE_INVALID_OPTION);
  });
});
