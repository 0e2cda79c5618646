import { beforeEach, expect, onTestFinished, test, vi } from "vitest";
import { OpenRuns } from "../src/open-runs.ts";

beforeEach(() => {
  vi.useFakeTimers();
  onTestFinished(() => void vi.useRealTimers());
});

/** Runs that note when they are settled. */
function openRuns(withinMs: number) {
  const runs = new OpenRuns(withinMs);
  const settled: string[] = [];
  const begin = (name: string) => {
    const run = {
      async giveUp() {
        settled.push(name);
        runs.delete(run);
      },
    };
    runs.add(run);
    return run;
  };
  return { runs, settled, begin };
}

test("a run whose exchange has ended is given its time, each its own, and is settled then", async () => {
  const { runs, settled, begin } = openRuns(1_000);
  runs.expect(begin("first"));
  await vi.advanceTimersByTimeAsync(600);
  runs.expect(begin("second"));
  await vi.advanceTimersByTimeAsync(399);
  expect(settled).toEqual([]);
  await vi.advanceTimersByTimeAsync(1);
  expect(settled).toEqual(["first"]);
  await vi.advanceTimersByTimeAsync(600);
  expect(settled).toEqual(["first", "second"]);
  expect(runs.size).toBe(0);
  expect(vi.getTimerCount()).toBe(0);
});

test("a run that is settled in time, or still goes on, is left alone", async () => {
  const { runs, settled, begin } = openRuns(1_000);
  begin("running");
  const left = begin("left");
  runs.expect(left);
  await left.giveUp();
  await vi.advanceTimersByTimeAsync(10_000);
  expect(settled).toEqual(["left"]);
  expect(runs.size).toBe(1);
});

test("closing settles all of them at once", async () => {
  const { runs, settled, begin } = openRuns(1_000);
  begin("running");
  runs.expect(begin("left"));
  await runs.close();
  expect(settled.toSorted()).toEqual(["left", "running"]);
  expect(vi.getTimerCount()).toBe(0);
});
