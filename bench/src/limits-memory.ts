/* Limits in memory: what a decision takes, and what a key weighs, beside others. */
import { MEMORY_CONTENDERS } from "./limits/memory-contenders.ts";
import { tell } from "./limits/worker.ts";
import { median } from "./rounds.ts";

const ROUNDS = Number(process.env.ROUNDS ?? 7);
const worker = new URL("limits/memory-worker.ts", import.meta.url);
const names = Object.keys(MEMORY_CONTENDERS);

const nanoseconds = new Map(names.map((name) => [name, [] as number[]]));
for (let round = 0; round < ROUNDS; round++) {
  for (const name of names.toSorted(() => Math.random() - 0.5)) {
    nanoseconds.get(name)?.push(await tell<number>(worker, [name, "time"]));
  }
}
console.log(`limits in memory, ${ROUNDS} rounds; bytes at a million keys`);
for (const name of names) {
  const samples = nanoseconds.get(name) ?? [];
  const bytes = await tell<number>(worker, [name, "weigh"]);
  console.log(
    `  ${name.padEnd(24)} ${median(samples).toFixed(0).padStart(6)} ns of processor time per decision ` +
      `(${(1_000 / median(samples)).toFixed(2)} million a second)  ${bytes.toFixed(0).padStart(4)} B per key`,
  );
}
