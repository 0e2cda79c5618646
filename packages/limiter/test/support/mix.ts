import { budget, concurrency, gcra, type Policy, strictWindow } from "../../src/index.ts";

export type MixName = "rate" | "odd" | "tokens" | "coarse" | "usd" | "runs";

/** The policies of the random mix: short windows, odd numbers, one of each kind and more. */
export const MIX: Readonly<Record<MixName, Policy>> = {
  rate: gcra({ name: "rate", limit: 300, per: 1_000, burst: 20 }),
  odd: gcra({ name: "odd", limit: 7, per: 310, burst: 3 }),
  tokens: strictWindow({ name: "tokens", limit: 500, per: 700 }),
  coarse: strictWindow({ name: "coarse", limit: 30, per: 250, buckets: 1 }),
  usd: budget({ name: "usd", limit: 20_000, per: "day", timeZone: "America/New_York" }),
  runs: concurrency({ name: "runs", limit: 5, ttl: 250 }),
};

/** Which of them are settled, or undone: the others show what is admitted, and nothing else. */
export const SETTLED: readonly MixName[] = ["tokens", "usd"];

/** A generator of its own, so that a seed tells the whole mix (Mulberry32). */
export function random(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}
