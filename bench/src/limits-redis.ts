/*
 * Limits on Redis: decisions a second, what they take on both sides, commands for each, beside others. With
 * --instructions only what they take of the server, counted and not timed.
 */
import { once } from "node:events";
import { startRedis } from "@enfilade/testing";
import { hear } from "./hear.ts";
import { worstOnRedis } from "./limits/redis-bursts.ts";
import { redisContenders } from "./limits/redis-contenders.ts";
import { serverInstructions } from "./limits/redis-instructions.ts";
import type { Burst, BurstResult } from "./limits/redis-worker.ts";
import { start } from "./limits/worker.ts";
import { median } from "./rounds.ts";

const ROUNDS = Number(process.env.ROUNDS ?? 40);
/** In a burst: short enough for all contenders to meet the same of what else the machine does. */
const DECISIONS = Number(process.env.DECISIONS ?? 3_000);
const CALLERS = 50;
/** Creates the keys of a contender. */
const ONCE_EACH: Burst = { decisions: 1_000, callers: CALLERS };
/** Makes a contender's code hot. */
const WARM_UP: Burst = { decisions: 30_000, callers: CALLERS };
const WINDOW = { limit: 100, windowMs: 1_000 };
const worker = new URL("limits/redis-worker.ts", import.meta.url);
const names = Object.keys(redisContenders(WINDOW));

if (process.argv.includes("--instructions")) {
  for (const name of names) {
    const thousands = (await serverInstructions(name)) / 1_000;
    console.log(
      `  ${name.padEnd(38)} ${thousands.toFixed(1).padStart(6)} thousand instructions there`,
    );
  }
  process.exit();
}

const server = await startRedis();

interface Sample extends BurstResult {
  /** Processor time of a decision in the server, in microseconds. */
  readonly serverMicros: number;
}

async function ofServer(section: string, field: RegExp): Promise<number> {
  const info = await server.command("INFO", section);
  return [...info.matchAll(field)].reduce((sum, [, value]) => sum + Number(value), 0);
}
const serverCpu = () => ofServer("cpu", /used_cpu_(?:user|sys):([\d.]+)/g);

const children = new Map(names.map((name) => [name, start(worker, [name, server.url])]));
await Promise.all([...children.values()].map((child) => hear(child)));

async function ask(name: string, burst: Burst): Promise<BurstResult> {
  const child = children.get(name);
  if (child === undefined) throw new Error(`There is no contender ${name}`);
  child.send(burst);
  return await hear<BurstResult>(child);
}

async function measure(name: string, callers = CALLERS): Promise<Sample> {
  await server.command("FLUSHALL");
  await ask(name, ONCE_EACH);
  const before = await serverCpu();
  const told = await ask(name, { decisions: DECISIONS, callers });
  const serverMicros = (((await serverCpu()) - before) * 1_000_000) / DECISIONS;
  return { ...told, serverMicros };
}

for (const name of names) await ask(name, WARM_UP);
const samples = new Map(names.map((name) => [name, [] as Sample[]]));
for (let round = 0; round < ROUNDS; round++) {
  for (const name of names.toSorted(() => Math.random() - 0.5)) {
    samples.get(name)?.push(await measure(name));
  }
}

const of = (name: string, field: keyof Sample) =>
  (samples.get(name) ?? []).map((sample) => sample[field]);
const middle = (name: string, field: keyof Sample) => median(of(name, field));
/** The median, over the rounds, of the quotient in one round. */
const ratio = (name: string, to: string, field: keyof Sample) =>
  median(of(name, field).map((value, round) => value / (of(to, field)[round] ?? Number.NaN)));

console.log(`limits on Redis, ${ROUNDS} bursts of ${DECISIONS} decisions, ${CALLERS} in flight`);
for (const name of names) {
  console.log(
    `  ${name.padEnd(38)} ${middle(name, "perSecond").toFixed(0).padStart(7)} a second, ` +
      `${middle(name, "micros").toFixed(1).padStart(5)} µs here, ` +
      `${middle(name, "serverMicros").toFixed(1).padStart(5)} µs there`,
  );
}
for (const client of ["node-redis", "ioredis"]) {
  const peers = names.filter(
    (name) => name.startsWith(client) && !/enfilade|alone|four/.test(name),
  );
  const best = peers.toSorted((a, b) => middle(b, "perSecond") - middle(a, "perSecond"))[0] ?? "";
  const own = `${client}: enfilade gcra`;
  console.log(
    `  gcra ÷ best peer (${best}): ${ratio(own, best, "perSecond").toFixed(2)} × a second`,
  );
}
const [four, sequence] = [
  "node-redis: four policies at once",
  "node-redis: four, one after the other",
] as const;
console.log(
  `  four at once ÷ one after the other: ${ratio(four, sequence, "perSecond").toFixed(2)} × a second, ` +
    `${ratio(sequence, four, "micros").toFixed(2)} × less processor time here, ` +
    `${ratio(sequence, four, "serverMicros").toFixed(2)} × less there`,
);
const alone: number[] = [];
for (let round = 0; round < ROUNDS; round++) {
  alone.push((await measure(four, 1)).perSecond / (await measure(sequence, 1)).perSecond);
}
console.log(
  `  … to a caller that is alone: answered in 1 ÷ ${median(alone).toFixed(2)} of the time`,
);

for (const child of children.values()) {
  child.disconnect();
  await once(child, "exit");
}

console.log(`${WINDOW.limit} in ${WINDOW.windowMs} ms, bursts around the edges of windows`);
for (const [name, open] of Object.entries(redisContenders(WINDOW))) {
  if (name.includes("alone") || name.includes("four")) continue;
  const { commands, worst } = await worstOnRedis(open, server, WINDOW);
  console.log(
    `  ${name.padEnd(38)} ${commands.toFixed(2)} commands per decision, ${worst.toFixed(2)} × the limit`,
  );
}
await server.stop();
