import { mock } from "node:test";
import { budget, concurrency, createLimiter, memoryStore } from "@enfilade/limiter";
import {
  type Ask,
  MEMORY_CONTENDERS,
  ours,
  rate,
  type Terms,
  windowOf,
} from "./memory-contenders.ts";

/** When requests came, and which of them were admitted; in milliseconds. */
export interface Run {
  readonly arrivals: readonly number[];
  readonly admitted: readonly number[];
}

const START = Date.UTC(2026, 0, 1);

/** Lets a contender decide on requests that come at these moments, on a clock of its own. */
export async function replay(
  create: (terms: Terms, now: () => number) => Ask,
  terms: Terms,
  arrivals: readonly number[],
): Promise<Run> {
  let passed = 0;
  mock.timers.enable({ apis: ["Date", "setTimeout", "setInterval"], now: START });
  try {
    const ask = create(terms, () => START + passed);
    const admitted: number[] = [];
    for (const at of arrivals) {
      mock.timers.tick(at - passed);
      passed = at;
      if (await ask("caller")) admitted.push(at);
    }
    return { arrivals, admitted };
  } finally {
    mock.timers.reset();
  }
}

/** The contenders in memory; ours on the clock that the peers read, too. */
export const BURST_CONTENDERS: Readonly<Record<string, (terms: Terms, now: () => number) => Ask>> =
  {
    ...MEMORY_CONTENDERS,
    "enfilade gcra": (terms, now) => ours(terms, rate(terms), now),
    "enfilade strict window": (terms, now) => ours(terms, windowOf(terms), now),
  };

/** A budget whose day passes in a window: its clock runs so much faster. */
export function perDay(terms: Terms, now: () => number): Ask {
  const policy = budget({ limit: terms.limit, per: "day" });
  return ours(terms, policy, () => START + (now() - START) * (86_400_000 / terms.windowMs));
}

/** Starts a run for each request that finds a slot; gives the moments at which runs began. */
export async function inFlight(
  { slots, runMs }: { slots: number; runMs: number },
  arrivals: readonly number[],
): Promise<number[]> {
  let passed = 0;
  const limiter = createLimiter({ store: memoryStore({ now: () => START + passed }) });
  const policy = concurrency({ limit: slots });
  const running: { until: number; release(): Promise<void> }[] = [];
  const began: number[] = [];
  for (const at of arrivals) {
    passed = at;
    while ((running[0]?.until ?? at + 1) <= at) await running.shift()?.release();
    const run = await limiter.reserve([{ policy, key: "caller" }]);
    if (!run.decision.admitted) continue;
    began.push(at);
    running.push({ until: at + runMs, release: () => run.release() });
  }
  for (const { release } of running) await release();
  await limiter.close();
  return began;
}

/** The most that was admitted in any window, wherever it starts. */
export function worstWindow(admitted: readonly number[], windowMs: number): number {
  let worst = 0;
  let from = 0;
  for (const [index, at] of admitted.entries()) {
    while ((admitted[from] ?? at) <= at - windowMs) from += 1;
    worst = Math.max(worst, index - from + 1);
  }
  return worst;
}

/** On and off for four hours, now in bursts and now in a trickle: the same for everybody. */
export function onAndOff(seed: number): number[] {
  const next = random(seed);
  const arrivals: number[] = [];
  for (let at = 0; at < 4 * 3_600_000; ) {
    const everyMs = next() < 0.5 ? 20 : 900;
    const until = at + 500 + next() * 20_000;
    for (; at < until; at += everyMs) arrivals.push(Math.floor(at));
    at += next() * 60_000;
  }
  return arrivals;
}

/** Mulberry32: a seed tells the whole sequence. */
function random(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}
