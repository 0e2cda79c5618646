/* What the line itself costs: fourteen layers that do nothing, against the same hooks registered plainly. */
import { type Contender, measure, median, ratio } from "./rounds.ts";

const ROUNDS = Number(process.env.ROUNDS ?? 9);

for (const style of ["sync", "async"]) {
  const contenders: Contender[] = ["bare", "plain", "order"].map((form) => ({
    name: form,
    program: "noop",
    args: [form, style],
  }));
  const rounds = await measure(contenders, { path: "/json" }, ROUNDS);
  console.log(`14 ${style} no-op layers, onRequest and onSend, ${ROUNDS} rounds`);
  for (const { name } of contenders) {
    const cost = median(rounds.get(name) ?? []).toFixed(1);
    console.log(`  ${name.padEnd(6)} ${cost.padStart(6)} µs of processor time per request`);
  }
  console.log(`  plain ÷ order  ${ratio(rounds, "plain", "order").toFixed(2)} ×   (target ≥ 1.0)`);
  console.log(`  bare ÷ order   ${ratio(rounds, "bare", "order").toFixed(2)} ×`);
}
