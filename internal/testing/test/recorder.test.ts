import { describe, expect, it, vi } from "vitest";
import { createRecorder } from "../src/index.ts";

describe("a recorder", () => {
  it("finds an item that was recorded before the wait began", async () => {
    const recorder = createRecorder<number>();
    recorder.record(1);
    recorder.record(2);
    expect(await recorder.find((item) => item > 1)).toBe(2);
  });

  it("finds an item that is recorded while the wait goes on", async () => {
    const recorder = createRecorder<string>();
    const found = recorder.find((item) => item === "b");
    recorder.record("a");
    recorder.record("b");
    expect(await found).toBe("b");
  });

  it("finds an item that is undefined or false", async () => {
    const recorder = createRecorder<boolean | undefined>();
    recorder.record(undefined);
    recorder.record(false);
    expect(await recorder.find((item) => item === undefined)).toBe(undefined);
    expect(await recorder.find((item) => item === false)).toBe(false);
  });

  it("waits for a condition on all items together", async () => {
    const recorder = createRecorder<number>();
    const three = recorder.until((items) => items.length === 3);
    for (const item of [1, 2, 3]) recorder.record(item);
    expect(await three).toEqual([1, 2, 3]);
  });

  it("fails with the error that a condition throws", async () => {
    const recorder = createRecorder<number>();
    const wait = recorder.until(() => {
      throw new Error("bad condition");
    });
    await expect(wait).rejects.toThrow("bad condition");
  });

  it("resolves under fake timers", async () => {
    vi.useFakeTimers();
    try {
      const recorder = createRecorder<number>();
      const found = recorder.find((item) => item === 1);
      recorder.record(1);
      expect(await found).toBe(1);
    } finally {
      vi.useRealTimers();
    }
  });

  it("names what it saw when the deadline passes", async () => {
    vi.useFakeTimers();
    vi.resetModules();
    try {
      const { createRecorder: create } = await import("../src/recorder.ts");
      const recorder = create<object>();
      recorder.record({ code: "A" });
      const wait = expect(recorder.until(() => false)).rejects.toThrow('{"code":"A"}');
      await vi.advanceTimersByTimeAsync(10_000);
      await wait;
    } finally {
      vi.useRealTimers();
    }
  });
});
