/* One contender in memory, in a process of its own: tells what a decision takes, and what a key weighs. */
import { setTimeout } from "node:timers/promises";
import { median } from "../rounds.ts";
import { MEMORY_CONTENDERS } from "./memory-contenders.ts";

const [name = "", what = ""] = process.argv.slice(2);
const create = MEMORY_CONTENDERS[name];
if (create === undefined) throw new Error(`There is no contender ${name}`);

const MILLION = 1_000_000;
const KEYS = Array.from({ length: 10_000 }, (_, index) => `user:${index}`);
const BATCH = 20_000;
const BATCHES = 30;

/** Nanoseconds of processor time for each of many decisions, all of them admitted. */
async function time(): Promise<number> {
  const ask = create?.({ limit: 100_000, windowMs: 3_600_000, maxKeys: MILLION });
  const samples: number[] = [];
  for (let batch = 0; batch < BATCHES; batch++) {
    const before = process.cpuUsage();
    for (let i = 0; i < BATCH; i++) {
      const admitted = ask?.(KEYS[i % KEYS.length] ?? "");
      // What answers at once is not made to wait.
      if (!(typeof admitted === "boolean" ? admitted : await admitted)) throw new Error("refused");
    }
    const { user, system } = process.cpuUsage(before);
    // The first half warms up.
    if (batch >= BATCHES / 2) samples.push(((user + system) * 1_000) / BATCH);
  }
  return median(samples);
}

/** Bytes of each of a million keys, in the heap and outside of it. */
async function weigh(): Promise<number> {
  const ask = create?.({ limit: 100, windowMs: 3_600_000, maxKeys: MILLION });
  const used = async () => {
    for (let i = 0; i < 3; i++) {
      globalThis.gc?.();
      await setTimeout(20);
    }
    const { heapUsed, external } = process.memoryUsage();
    return heapUsed + external;
  };
  await ask?.("warm");
  const before = await used();
  for (let i = 0; i < MILLION; i++) await ask?.(`user:${i}`);
  const bytes = ((await used()) - before) / MILLION;
  // Still there, and so was not collected before it was weighed.
  await ask?.("warm");
  return bytes;
}

process.send?.(what === "time" ? await time() : await weigh(), () => process.exit());
