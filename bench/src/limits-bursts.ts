/* What is admitted under bursts: the worst window of each contender, and the drawing in docs/limits.svg. */
import { readFileSync, writeFileSync } from "node:fs";
import {
  BURST_CONTENDERS,
  inFlight,
  onAndOff,
  perDay,
  replay,
  worstWindow,
} from "./limits/bursts.ts";
import { draw, type Row } from "./limits/drawing.ts";

const TERMS = { limit: 60, windowMs: 60_000, maxKeys: 1_000 };
const SEEDS = [1, 2, 3, 4, 5];
const SECONDS = 300;
const SLOTS = 10;
const RUN_MS = 6_000;

/** A single early request, then bursts around the edges of fixed windows, then too much all the time. */
function edges(): number[] {
  const arrivals = [0];
  for (const second of [57, 61, 118, 122, 200]) {
    for (let i = 0; i < 100; i++) arrivals.push(second * 1_000 + i * 20);
  }
  for (let ms = 225_000; ms < SECONDS * 1_000; ms += 500) arrivals.push(ms);
  return arrivals;
}

function perSecond(moments: readonly number[]): number[] {
  const counts = new Array<number>(SECONDS).fill(0);
  for (const at of moments) {
    const second = Math.floor(at / 1_000);
    counts[second] = (counts[second] ?? 0) + 1;
  }
  return counts;
}

/** How many of these lie in the window before each second's end. */
function trailing(moments: readonly number[], windowMs: number): number[] {
  return Array.from({ length: SECONDS }, (_, second) => {
    const end = (second + 1) * 1_000;
    return moments.filter((at) => at < end && at >= end - windowMs).length;
  });
}

console.log(`limits under bursts: ${SEEDS.length} times four hours, on and off, 60 a minute`);
for (const [name, create] of Object.entries(BURST_CONTENDERS)) {
  let worst = 0;
  for (const seed of SEEDS) {
    const { admitted } = await replay(create, TERMS, onAndOff(seed));
    worst = Math.max(worst, worstWindow(admitted, TERMS.windowMs) / TERMS.limit);
  }
  console.log(`  ${name.padEnd(24)} ${worst.toFixed(2)} × the limit in the worst window`);
}

const arrivals = edges();
const last = "line: admitted in the last 60 s";
const rows: Row[] = [
  { title: "requests", note: "bars: each second", bars: perSecond(arrivals), ours: true },
];
async function add(title: string, note: string, create: (typeof BURST_CONTENDERS)[string]) {
  const { admitted } = await replay(create, TERMS, arrivals);
  const line = trailing(admitted, TERMS.windowMs);
  const ours = title.includes("(");
  rows.push({ title, note, bars: perSecond(admitted), line, limit: TERMS.limit, ours });
}
for (const [name, create] of Object.entries(BURST_CONTENDERS)) {
  if (name === "enfilade gcra") await add("gcra({ limit: 60, burst: 10 })", last, create);
  if (name === "enfilade strict window") await add("strictWindow({ limit: 60 })", last, create);
}
await add('budget({ limit: 60, per: "day" })', "a day is drawn as 60 s", perDay);
const held = await inFlight({ slots: SLOTS, runMs: RUN_MS }, arrivals);
rows.push({
  title: `concurrency({ limit: ${SLOTS} })`,
  note: `line: under way, ${RUN_MS / 1_000} s each`,
  bars: perSecond(held),
  line: trailing(held, RUN_MS),
  limit: SLOTS,
  ours: true,
});
for (const [name, create] of Object.entries(BURST_CONTENDERS)) {
  if (!name.startsWith("enfilade")) await add(name, `60 in 60 s; ${last}`, create);
}

const file = new URL("../../docs/limits.svg", import.meta.url);
const drawing = draw(
  "What is admitted under bursts",
  "60 a minute, asked by one caller: one early request, bursts around the edges of fixed windows, then two a second",
  rows,
);
if (process.argv.includes("--write")) writeFileSync(file, drawing);
else if (readFileSync(file, "utf8") !== drawing) {
  console.log("docs/limits.svg shows something else: run it again with --write");
  process.exitCode = 1;
}
