import fc from "fast-check";
import { beforeEach, describe, expect, onTestFinished, test, vi } from "vitest";
import { type Attempt, type Waiting, WaitingRoom } from "../src/waiting-room.ts";

/** What came of asking, with who had asked. */
interface Try extends Attempt {
  readonly who: string;
}

const options = { maxWaiting: 100, maxWaitingPerCaller: 100, maxWaitMs: 10_000 };

beforeEach(() => {
  vi.useFakeTimers();
  onTestFinished(() => void vi.useRealTimers());
});

/** A room in front of some places, and those who have been let in. */
function openRoom(free = 0, more: Partial<typeof options> = {}) {
  const room = new WaitingRoom<Try>({ ...options, ...more });
  const state = { free, asked: 0, inside: [] as string[], turnedAway: [] as string[] };
  function enter(who: string, places = ["a"], caller = who): Waiting<Try> {
    const waiting = room.enter({
      places,
      caller,
      last: { who, busy: true },
      async ask() {
        state.asked += 1;
        await Promise.resolve();
        if (state.free === 0) return { who, busy: true };
        state.free -= 1;
        return { who, busy: false };
      },
      giveBack({ busy }) {
        if (!busy) state.free += 1;
      },
    });
    if (typeof waiting === "string") throw new Error(waiting);
    void waiting.done.then(({ busy }) => (busy ? state.turnedAway : state.inside).push(who));
    return waiting;
  }
  /** One place is free now, and everybody hears of it. */
  async function free_(count = 1, places = ["a"]) {
    state.free += count;
    room.freed(places);
    await vi.advanceTimersByTimeAsync(0);
  }
  return { room, state, enter, free: free_ };
}

describe("who waits for a place", () => {
  test("is let in when one is free, first come first served", async () => {
    const { enter, free, state, room } = openRoom();
    for (const who of ["first", "second", "third"]) enter(who);

    await free(2);
    expect(state.inside).toEqual(["first", "second"]);
    await free();
    expect(state.inside).toEqual(["first", "second", "third"]);
    expect(room.size).toBe(0);
  });

  test("asks again by itself: another process may have freed one", async () => {
    const { enter, state } = openRoom();
    enter("first");
    state.free = 1;
    await vi.advanceTimersByTimeAsync(250);
    expect(state.inside).toEqual(["first"]);
    expect(vi.getTimerCount()).toBe(0);
  });

  test("gives up after the longest wait", async () => {
    const { enter, state, room } = openRoom(0, { maxWaitMs: 1_000 });
    enter("first");
    await vi.advanceTimersByTimeAsync(999);
    expect(state.turnedAway).toEqual([]);
    await vi.advanceTimersByTimeAsync(1);
    expect(state.turnedAway).toEqual(["first"]);
    expect(room.size).toBe(0);
    expect(room.hasLine(["a"])).toBe(false);
  });

  test("makes room for the next when it leaves", async () => {
    const { enter, free, state } = openRoom();
    const first = enter("first");
    enter("second");
    first.leave();
    first.leave();
    await free();
    expect(state.inside).toEqual(["second"]);
  });

  test("gives back what it was given after it had left", async () => {
    const { enter, state, room } = openRoom();
    const first = enter("first");
    enter("second");
    state.free = 1;
    room.freed(["a"]);
    // The answer is on its way.
    first.leave();
    await vi.advanceTimersByTimeAsync(0);
    expect(state).toMatchObject({ inside: ["second"], turnedAway: ["first"], free: 0 });
  });

  test("waits in a line for each set of places, and hears of those it needs", async () => {
    const { enter, free, state, room } = openRoom();
    enter("of a", ["a"]);
    enter("of b", ["b"]);
    enter("of both", ["a", "b"]);
    expect(room.hasLine(["a"])).toBe(true);
    expect(room.hasLine(["b", "a"])).toBe(false);
    await free(1, ["b"]);
    expect(state.inside).toEqual(["of b"]);
    await free(1, ["c"]);
    expect(state.inside).toEqual(["of b"]);
    await free(0, ["b"]);
    expect(state.inside).toEqual(["of b", "of both"]);
  });

  test("does not stand in another line, whatever the places are named", async () => {
    const { enter, free, state } = openRoom();
    enter("first", ["a\nb"]);
    enter("second", ["a", "b"]);

    await free(1, ["b"]);
    expect(state.inside).toEqual(["second"]);
  });

  test("is sent away when the room closes", async () => {
    const { enter, room, state } = openRoom();
    enter("first", ["a"]);
    enter("second", ["b"]);
    enter("third", ["b"]);
    room.close();
    await vi.advanceTimersByTimeAsync(0);
    expect(state.turnedAway.toSorted()).toEqual(["first", "second", "third"]);
    expect(room.size).toBe(0);
    expect(vi.getTimerCount()).toBe(0);
  });

  test("is told of an error, and the next one asks", async () => {
    const room = new WaitingRoom<Try>(options);
    const enter = (who: string, ask: () => Promise<Try>) =>
      room.enter({
        places: ["a"],
        caller: who,
        last: { who, busy: true },
        ask,
        giveBack() {},
      });
    const first = enter("first", () => Promise.reject(new Error("no store")));
    const second = enter("second", async () => ({ who: "second", busy: false }));
    if (typeof first === "string" || typeof second === "string") throw new Error("no room");
    const failed = expect(first.done).rejects.toThrow("no store");
    room.freed(["a"]);
    await failed;
    expect(await second.done).toEqual({ who: "second", busy: false });
    expect(room.size).toBe(0);
  });
});

describe("who comes too late", () => {
  test("does not wait: the room is full", () => {
    const { enter } = openRoom(0, { maxWaiting: 2 });
    enter("first");
    enter("second");
    expect(() => enter("third")).toThrow("full");
  });

  test("does not wait: enough of this caller do", () => {
    const { enter } = openRoom(0, { maxWaitingPerCaller: 2 });
    enter("1", ["a"], "ann");
    const second = enter("2", ["b"], "ann");
    expect(() => enter("3", ["a"], "ann")).toThrow("caller-full");
    enter("4", ["a"], "bob");
    second.leave();
    enter("5", ["a"], "ann");
  });
});

test("who leaves leaves nothing behind that waits in vain", () => {
  const { enter } = openRoom();
  enter("first").leave();
  expect(vi.getTimerCount()).toBe(0);
});

test("a room that is closed sends everybody away, and lets nobody in any more", async () => {
  const { room, enter, state } = openRoom();
  enter("first");
  room.close();
  await vi.advanceTimersByTimeAsync(0);
  expect(state.turnedAway).toEqual(["first"]);
  expect(() => enter("second")).toThrow("full");
});

test("whatever happens, nobody overtakes, nobody is lost and no place is", async () => {
  const step = fc.oneof(
    { weight: 3, arbitrary: fc.constant("enter") },
    { weight: 2, arbitrary: fc.constant("free") },
    { weight: 1, arbitrary: fc.constant("leave") },
    { weight: 1, arbitrary: fc.constant("wait") },
  );
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
      const { room, state, enter } = openRoom();
      const waiting: Waiting<Try>[] = [];
      let places = 0;
      for (const [index, one] of steps.entries()) {
        if (one === "enter") waiting.push(enter(String(index)));
        if (one === "leave") waiting[Math.floor(waiting.length / 2)]?.leave();
        if (one === "wait") await vi.advanceTimersByTimeAsync(100);
        if (one === "free") {
          places += 1;
          state.free += 1;
          room.freed(["a"]);
        }
      }
      await vi.advanceTimersByTimeAsync(20_000);
      const entered = state.inside.map(Number);
      expect(entered).toEqual([...entered].sort((a, b) => a - b));
      expect(state.inside.length + state.turnedAway.length).toBe(waiting.length);
      expect(state.inside.length + state.free).toBe(places);
      expect(room.size).toBe(0);
      expect(vi.getTimerCount()).toBe(0);
    }),
    { numRuns: 200 },
  );
});
