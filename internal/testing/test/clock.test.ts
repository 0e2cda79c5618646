import { describe, expect, it } from "vitest";
import { createClock } from "../src/index.ts";

describe("a clock", () => {
  it("stands still until it is advanced", () => {
    const clock = createClock(1_000);
    expect([clock.now(), clock.now()]).toEqual([1_000, 1_000]);
    clock.advance(250);
    expect(clock.now()).toBe(1_250);
  });

  it("does not go back, nor to no number at all", () => {
    const clock = createClock();
    expect(() => clock.advance(-1)).toThrow(RangeError);
    expect(() => clock.advance(Number.NaN)).toThrow(RangeError);
  });
});
