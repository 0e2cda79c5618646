import { onTestFinished, vi } from "vitest";

/**
 * Lets timers of these lengths go off at once, until the test ends: what a client waits for when it is left alone is
 * more than any test can wait for.
 *
 * @returns the lengths in the order in which they were asked for
 */
export function skipWaits(lengths: readonly number[]): readonly number[] {
  const skipped: number[] = [];
  const { setTimeout } = globalThis;
  const spy = vi.spyOn(globalThis, "setTimeout");
  spy.mockImplementation(((run: () => void, ms: number, ...args: []) => {
    if (!lengths.includes(ms)) return setTimeout(run, ms, ...args);
    skipped.push(ms);
    return setTimeout(run, 0, ...args);
  }) as typeof setTimeout);
  onTestFinished(() => spy.mockRestore());
  return skipped;
}
