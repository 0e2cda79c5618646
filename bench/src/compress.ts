/* What it costs to compress an answer, and not to: our layer against @fastify/compress, at its own level and at ours. */
import { type Contender, measure, median, ratio } from "./rounds.ts";

const ROUNDS = Number(process.env.ROUNDS ?? 5);

const contenders: Contender[] = ["bare", "layer", "plugin", "plugin-3"].map((form) => ({
  name: form,
  program: "compress",
  args: [form],
}));

for (const [path, coding, requests] of [
  ["/large", "gzip", 2000],
  ["/large", "br", 2000],
  ["/small", "gzip", 15_000],
] as const) {
  const headers = { "accept-encoding": coding };
  const rounds = await measure(contenders, { path, headers, connections: 10, requests }, ROUNDS);
  console.log(`${path} in ${coding}, ${ROUNDS} rounds`);
  for (const { name } of contenders) {
    const cost = median(rounds.get(name) ?? []).toFixed(1);
    console.log(`  ${name.padEnd(8)} ${cost.padStart(6)} µs of processor time per request`);
  }
  console.log(`  plugin ÷ layer    ${ratio(rounds, "plugin", "layer").toFixed(2)} ×`);
  console.log(`  plugin-3 ÷ layer  ${ratio(rounds, "plugin-3", "layer").toFixed(2)} ×`);
}
