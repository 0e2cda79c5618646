import { createClock } from "@enfilade/testing";
import { describe, vi } from "vitest";
import { memoryStore } from "../src/index.ts";
import { holdsTheContract } from "./support/contract.ts";

describe("the memory store", () => {
  holdsTheContract(() => {
    // The heartbeat's timers and the store's clock go on together.
    vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] });
    const clock = createClock();
    return {
      store: memoryStore({ now: clock.now }),
      async elapse(ms) {
        for (let passed = 0; passed < ms; passed++) {
          clock.advance(1);
          await vi.advanceTimersByTimeAsync(1);
        }
      },
    };
  });
});
