import { expect, it } from "vitest";
import { describeValue } from "../src/index.ts";

it.each<[unknown, string]>([
  ["soon", '"soon"'],
  ["", '""'],
  [1.5, "1.5"],
  [10n, "10"],
  [Number.NaN, "NaN"],
  [null, "null"],
  [undefined, "undefined"],
  [/a+/g, "/a+/g"],
  [Symbol("a"), "Symbol(a)"],
  [["secret", 1], "an array of 2"],
  [{ key: "secret" }, "an object"],
  [() => "secret", "a function"],
  ["x".repeat(100), `"${"x".repeat(59)}…`],
])("%s is shown as %s", (value, shown) => {
  expect(describeValue(value)).toBe(shown);
});
