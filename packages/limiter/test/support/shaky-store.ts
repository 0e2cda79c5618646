import { setTimeout as wait } from "node:timers/promises";
import { NOWHERE } from "../../src/algorithms/weighing.ts";
import { type MemoryStore, memoryStore, type Store } from "../../src/index.ts";
import { type Fate, StoreFailure } from "../../src/store-failure.ts";

/** How the store fails: not at all, or with what is known to have become of the call, now or later. */
type Trouble = "none" | "not-run" | "unknown" | "ran-late";

/** A store in memory that behaves like one behind a network, and fails as it is told. */
export interface ShakyStore extends Store {
  trouble: Trouble;
  /** Whatever ran, in its order. */
  readonly calls: string[];
  /** What is really counted. */
  readonly memory: MemoryStore;
}

export function shakyStore(now?: () => number): ShakyStore {
  const memory = memoryStore(now === undefined ? {} : { now });
  async function attempt<T>(name: string, run: () => T, toFate: (result: T) => Fate): Promise<T> {
    const { trouble } = store;
    await wait(0);
    store.calls.push(`${name}: ${trouble}`);
    if (trouble === "none") return run();
    const fate = trouble === "ran-late" ? toFate(run()) : unanswered(trouble);
    throw new StoreFailure(new Error(`trouble: ${trouble}`), Promise.resolve(fate));
  }
  const store: ShakyStore = {
    partitioned: true,
    deadlineMs: 100,
    trouble: "none",
    calls: [],
    memory,
    decide: (charges, mode) =>
      attempt(
        "decide",
        () => memory.decide(charges, mode === "charge" ? "reserve" : mode),
        ({ decision, positions }) => ({
          ran: "yes",
          // What was not asked for is known of what is charged alone: by the time, and the cost.
          outcome: {
            decision,
            positions: positions.map((position, index) =>
              mode === "charge" && charges[index]?.policy.kind === "concurrency"
                ? NOWHERE
                : position,
            ),
          },
        }),
      ),
    adjust: (adjustments) =>
      attempt(
        "adjust",
        () => memory.adjust(adjustments),
        () => ({ ran: "yes" }),
      ),
    renew: (leases) =>
      attempt(
        "renew",
        () => memory.renew(leases),
        () => ({ ran: "yes" }),
      ),
    forget: (charges) =>
      attempt(
        "forget",
        () => memory.forget(charges),
        () => ({ ran: "yes" }),
      ),
    release: (leases) =>
      attempt(
        "release",
        () => memory.release(leases),
        () => ({ ran: "yes" }),
      ),
  };
  return store;
}

function unanswered(trouble: "not-run" | "unknown"): Fate {
  return { ran: trouble === "unknown" ? "unknown" : "no" };
}
