import { describe, expect, it } from "vitest";
import { isThenable } from "../src/index.ts";

describe("a value", () => {
  const then = (): never => {
    throw new Error("called");
  };

  it("can be awaited if it has a `then`, which is not called for that", () => {
    expect(isThenable(Promise.resolve())).toBe(true);
    expect(isThenable({ then })).toBe(true);
    expect(isThenable(Object.assign(() => {}, { then }))).toBe(true);
  });

  it.each([undefined, null, true, 1, "then", {}, { next: then }, then])(
    "such as %s cannot be awaited",
    (value) => {
      expect(isThenable(value)).toBe(false);
    },
  );
});
