/*
 * Limits on Redis: decisions a second, what they take on both sides, commands for each, beside others. With
 * --instructions only what they take of the server, counted and not timed.
 */
import { once } from "node:events";
import { startRedis } from "@enfilade/testing";
import { worstOnRedis } from "./limits/redis-bursts.ts";
import { redisContenders } from "./limits/redis-contenders.ts";
import { serverInstructions } from "./limits/redis-instructions.ts";
import { hear, start } from "./limits/worker.ts";
import { median } from "./rounds.ts";

const ROUNDS = Number(process.env.ROUNDS ?? 7);
const DECISIONS = Number(process.env.DECISIONS ?? 40_000);
const CALLERS = 50;
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

interface Sample {
  readonly perSecond: number;
  /** Processor time of a decision, in microseconds: the client's, and the server's. */
  readonly micros: number;
  readonly serverMicros: number;
}

async function ofServer(section: string, field: RegExp): Promise<number> {
  const info = await server.command("INFO", section);
  return [...info.matchAll(field)].reduce((sum, [, value]) => sum + Number(value), 0);
}
const serverCpu = () => ofServer("cpu", /used_cpu_(?:user|sys):([\d.]+)/g);

async function measure(name: string, callers = CALLERS): Promise<Sample> {
  await server.command("FLUSHALL");
  const child = start(worker, [name, server.url, String(DECISIONS), String(callers)]);
  await hear(child);
  const before = await serverCpu();
  child.send("go");
  const told = await hear<Omit<Sample, "serverMicros">>(child);
  const serverMicros = (((await serverCpu()) - before) * 1_000_000) / DECISIONS;
  if (child.exitCode === null) await once(child, "exit");
  return { ...told, serverMicros };
}

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

console.log(`limits on Redis, ${ROUNDS} rounds of ${DECISIONS} decisions, ${CALLERS} in flight`);
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

console.log(`${WINDOW.limit} in ${WINDOW.windowMs} ms, bursts around the edges of windows`);
for (const [name, open] of Object.entries(redisContenders(WINDOW))) {
  if (name.includes("alone") || name.includes("four")) continue;
  const { commands, worst } = await worstOnRedis(open, server, WINDOW);
  console.log(
    `  ${name.padEnd(38)} ${commands.toFixed(2)} commands per decision, ${worst.toFixed(2)} × the limit`,
  );
}
await server.stop();
