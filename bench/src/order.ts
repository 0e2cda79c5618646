/* What the line itself costs: fourteen layers that do nothing, against the same hooks registered plainly. */
import { measureInBursts } from "./bursts.ts";
import { measureInside } from "./inner.ts";
import { type Contender, median, type Rounds, ratio } from "./rounds.ts";

const SITTINGS = Number(process.env.ROUNDS ?? 5);
const SAMPLING = { sittings: SITTINGS, bursts: 8, requests: 6_000, warmup: 30_000 };

function contenders(program: string, style: string): Contender[] {
  return ["bare", "one", "plain", "order"].map((form) => ({
    name: form,
    program,
    args: [form, style],
  }));
}

function print(title: string, rounds: Rounds): void {
  console.log(title);
  for (const [name, costs] of rounds) {
    const cost = median(costs).toFixed(2);
    console.log(`  ${name.padEnd(6)} ${cost.padStart(6)} µs of processor time per request`);
  }
  console.log(`  plain ÷ order  ${ratio(rounds, "plain", "order").toFixed(3)} ×`);
  console.log(`  bare ÷ order   ${ratio(rounds, "bare", "order").toFixed(3)} ×`);
  console.log(
    `  one ÷ bare     ${ratio(rounds, "one", "bare").toFixed(3)} ×   (a single empty layer)`,
  );
}

for (const style of ["sync", "async"]) {
  const layers = `14 ${style} no-op layers, onRequest and onSend, ${SITTINGS} sittings`;
  print(`${layers}, no network`, await measureInside(contenders("noop-inner", style), SITTINGS));
  if (process.argv.includes("--inside")) continue;
  const sockets = await measureInBursts(contenders("noop", style), { path: "/json" }, SAMPLING);
  print(`${layers} of 8 bursts, over sockets (target: plain ÷ order ≥ 1.0)`, sockets);
}
