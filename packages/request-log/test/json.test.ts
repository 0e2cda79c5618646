import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { redactJson } from "../src/json.ts";

const isSecret = (path: readonly string[]) => /^(?:password|\0)$/.test(path.at(-1) ?? "");
const redact = (text: string) => redactJson(text, isSecret);

describe("JSON text", () => {
  it.each([
    ["{}", "{}"],
    ["[]", "[]"],
    ['{"a":1,"b":[true,null,"x"]}', '{"a":1,"b":[true,null,"x"]}'],
    ['{"password":"p"}', '{"password":"[redacted]"}'],
    ['{"password":12,"a":1}', '{"password":"[redacted]","a":1}'],
    ['{"password":null}', '{"password":"[redacted]"}'],
    ['{"password":{"a":["p",{"b":"p"}]},"a":1}', '{"password":"[redacted]","a":1}'],
    ['{"password":["p","q"]}', '{"password":"[redacted]"}'],
    ['{"password":"p","password":"q"}', '{"password":"[redacted]","password":"[redacted]"}'],
    ['[{"password":"p"},{"a":"password"}]', '[{"password":"[redacted]"},{"a":"password"}]'],
    ['{"p\\u0061ssword":"p"}', '{"p\\u0061ssword":"[redacted]"}'],
    ['{"password":"quote \\" brace } bracket ]","a":1}', '{"password":"[redacted]","a":1}'],
    ['{ "password" :\n "p" ,\t"a" : 1 }', '{ "password" :\n "[redacted]" ,\t"a" : 1 }'],
    ['{"password":"p"}\n{"password":"q"}', '{"password":"[redacted]"}\n{"password":"[redacted]"}'],
    ['"password"', '"password"'],
  ])("%s becomes %s", (text, expected) => {
    expect(redact(text)).toBe(expected);
  });

  it.each([
    ['{"password":"p', '{"password":"[redacted]"'],
    ['{"password":', '{"password":'],
    ['{"password":{"a":"p"', '{"password":"[redacted]"'],
    ['{"a":"long te', '{"a":"long te'],
    ['{"passw', '{"passw'],
    ['{"a":1,', '{"a":1,'],
  ])("that is cut off stays safe: %s", (text, expected) => {
    expect(redact(text)).toBe(expected);
  });

  it.each([
    ["{'password':'p'}", "{"],
    ['{"a":1 "password":"p"}', '{"a":1 '],
    ['{"password" "p"}', '{"password" '],
    ['{"password":<p>}', '{"password":"[redacted]"'],
    ['{"password":[1}"p"]}', '{"password":"[redacted]"'],
    ['{"\\x":"p"}', '{"\\x":"[redacted]"}'],
    ["]", ""],
    ['{"a":0}","password":"p"', '{"a":0}'],
    ['{"a":0}\n","password":"p"', '{"a":0}\n","'],
    ["1 2", "1 "],
    ['{"a":1]', '{"a":1'],
  ])("that is none ends where it is none: %s", (text, expected) => {
    expect(redact(text)).toBe(expected);
  });

  it("may be nested deeper than any stack", () => {
    const deep = "[".repeat(100_000);
    expect(redact(deep)).toBe(deep);
    expect(redact(`{"password":${deep}`)).toBe('{"password":"[redacted]"');
  });
});

/** Gives what a parser takes for passwords; throws where the text is no JSON. */
function passwordsIn(text: string): string {
  const found: unknown[] = [];
  JSON.parse(text, (key, value: unknown) => {
    if (key === "password") found.push(value);
    return value;
  });
  return JSON.stringify(found);
}

describe("for any JSON", () => {
  const SECRET = "s3cr3tValue";
  const value = fc.jsonValue({ maxDepth: 4 });
  /** A value somewhere in which a password stands. */
  const withSecret = fc
    .tuple(value, value, fc.constantFrom("object", "array", "deep"))
    .map(([before, after, shape]): unknown => {
      const holder = { before, password: { is: [SECRET, `${SECRET}"}]`] }, after };
      if (shape === "array") return [before, holder, after];
      return shape === "deep" ? { a: [{ b: holder }], after } : holder;
    });

  it("what has no secrets stays as it is", () => {
    fc.assert(
      fc.property(fc.json(), (text) => {
        expect(redactJson(text, () => false)).toBe(text);
      }),
    );
  });

  it("the result is JSON still, with the secrets replaced", () => {
    fc.assert(
      fc.property(withSecret, fc.constantFrom(0, 2), (data, indent) => {
        const expected = JSON.parse(
          JSON.stringify(data, (key, item) => (key === "password" ? "[redacted]" : item)),
        );
        expect(JSON.parse(redact(JSON.stringify(data, null, indent)))).toEqual(expected);
      }),
    );
  });

  it("no secret comes out, wherever the text is cut off", () => {
    fc.assert(
      fc.property(withSecret, fc.double({ min: 0, max: 1, noNaN: true }), (data, where) => {
        const text = JSON.stringify(data);
        const cut = text.slice(0, Math.round(text.length * where));
        expect(redact(cut)).not.toContain("s3cr");
      }),
      { numRuns: 1000 },
    );
  });

  it("no secret comes out, whatever garbage is put into the text", () => {
    fc.assert(
      fc.property(
        withSecret,
        fc.nat(),
        fc.string({ unit: fc.constantFrom(..."{}[],:'\"\\ 1x\n".split("")), maxLength: 3 }),
        (data, place, garbage) => {
          const text = JSON.stringify(data);
          // In front of the password's value: behind its start nothing can make it less of a secret.
          const end = text.indexOf('"password"');
          const at = place % (end + 1);
          const spoiled = text.slice(0, at) + garbage + text.slice(at);
          const out = redact(spoiled);
          // The garbage may have made another key of it: then it is JSON still, and no password for anybody.
          if (out.includes("s3cr")) expect(passwordsIn(spoiled)).not.toContain("s3cr");
        },
      ),
      { numRuns: 1000 },
    );
  });
});
