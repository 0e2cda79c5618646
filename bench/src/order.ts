/* What the line itself costs: fourteen layers that do nothing, against the same hooks registered plainly. */
import { measureInBursts } from "./bursts.ts";
import { type Contender, median, ratio } from "./rounds.ts";

const SITTINGS = Number(process.env.ROUNDS ?? 5);
const SAMPLING = { sittings: SITTINGS, bursts: 8, requests: 6_000, warmup: 30_000 };

for (const style of ["sync", "async"]) {
  const contenders: Contender[] = ["bare", "one", "plain", "order"].map((form) => ({
    name: form,
    program: "noop",
    args: [form, style],
  }));
  const rounds = await measureInBursts(contenders, { path: "/json" }, SAMPLING);
  console.log(`14 ${style} no-op layers, onRequest and onSend, ${SITTINGS} sittings of 8 bursts`);
  for (const { name } of contenders) {
    const cost = median(rounds.get(name) ?? []).toFixed(1);
    console.log(`  ${name.padEnd(6)} ${cost.padStart(6)} µs of processor time per request`);
  }
  console.log(`  plain ÷ order  ${ratio(rounds, "plain", "order").toFixed(2)} ×   (target ≥ 1.0)`);
  console.log(`  bare ÷ order   ${ratio(rounds, "bare", "order").toFixed(2)} ×`);
  console.log(
    `  one ÷ bare     ${ratio(rounds, "one", "bare").toFixed(2)} ×   (a single empty layer)`,
  );
}
