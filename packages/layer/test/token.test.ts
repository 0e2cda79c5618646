import { validateHeaderName } from "node:http";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isToken, TOKEN } from "../src/index.ts";

describe("a token", () => {
  it("is what Node takes for the name of a header", () => {
    const text = fc.oneof(fc.string(), fc.stringMatching(TOKEN), fc.string({ unit: "binary" }));
    fc.assert(
      fc.property(text, (name) => {
        const isName = () => validateHeaderName(name);
        if (isToken(name)) expect(isName).not.toThrow();
        else expect(isName).toThrow();
      }),
    );
  });

  it.each(["", "x-a b", "x-a:", "x-a\n", "x-a\r\nset-cookie", "é", 5, null, undefined, ["x-a"]])(
    "is not %j",
    (value) => {
      expect(isToken(value)).toBe(false);
    },
  );
});
