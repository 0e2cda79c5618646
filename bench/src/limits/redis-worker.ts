/* One contender on Redis, in a process of its own: warms up, waits for the word, and says what it took. */
import { once } from "node:events";
import { redisContenders } from "./redis-contenders.ts";

const [name = "", url = "", count = "0", callers = "1"] = process.argv.slice(2);
const DECISIONS = Number(count);
const KEYS = Array.from({ length: 1_000 }, (_, index) => `user:${index}`);
/** Nobody is refused: a refusal is cheaper here, and comes from the deny cache. */
const TERMS = { limit: 10_000_000, windowMs: 3_600_000 };

const contender = await redisContenders(TERMS)[name]?.(url);
if (contender === undefined) throw new Error(`There is no contender ${name}`);
const { hit, close } = contender;

async function ask(decisions: number): Promise<void> {
  let left = decisions;
  const caller = async () => {
    while (left > 0) {
      left -= 1;
      if (!(await hit(KEYS[left % KEYS.length] ?? ""))) throw new Error(`${name} has refused`);
    }
  };
  await Promise.all(Array.from({ length: Number(callers) }, caller));
}

await ask(DECISIONS / 2);
process.send?.("warm");
await once(process, "message");
const before = process.cpuUsage();
const startedAt = performance.now();
await ask(DECISIONS);
const seconds = (performance.now() - startedAt) / 1_000;
const { user, system } = process.cpuUsage(before);
await close();
const result = { perSecond: DECISIONS / seconds, micros: (user + system) / DECISIONS };
process.send?.(result, () => process.disconnect());
