import { describe, expect, it, onTestFinished, vi } from "vitest";
import { createClock, createStoppedClock } from "../src/index.ts";

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

describe("a stopped clock", () => {
  it("stands still until it is started, once, and then goes as time does", () => {
    vi.useFakeTimers({ toFake: ["performance"] });
    onTestFinished(() => void vi.useRealTimers());
    const clock = createStoppedClock(1_000);
    vi.advanceTimersByTime(50);
    expect(clock.now()).toBe(1_000);
    clock.start();
    vi.advanceTimersByTime(250);
    clock.start();
    expect(clock.now()).toBe(1_250);
  });
});
