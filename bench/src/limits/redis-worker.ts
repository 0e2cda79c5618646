/* One contender on Redis, in a process of its own: asks as often as it is told, and says what it took. */
import { once } from "node:events";
import { redisContenders } from "./redis-contenders.ts";

/** How much to ask, and by how many callers at once. */
export interface Burst {
  readonly decisions: number;
  readonly callers: number;
}

/** What a burst has come to, with the processor time of a decision in this process. */
export interface BurstResult {
  readonly perSecond: number;
  readonly micros: number;
}

const [name = "", url = ""] = process.argv.slice(2);
const KEYS = Array.from({ length: 1_000 }, (_, index) => `user:${index}`);
/** Nobody is refused: a refusal is cheaper here, and comes from the deny cache. */
const TERMS = { limit: 10_000_000, windowMs: 3_600_000 };

const contender = await redisContenders(TERMS)[name]?.(url);
if (contender === undefined) throw new Error(`There is no contender ${name}`);
const { hit, close } = contender;

async function ask({ decisions, callers }: Burst): Promise<BurstResult> {
  let left = decisions;
  const caller = async () => {
    while (left > 0) {
      left -= 1;
      if (!(await hit(KEYS[left % KEYS.length] ?? ""))) throw new Error(`${name} has refused`);
    }
  };
  const before = process.cpuUsage();
  const startedAt = performance.now();
  await Promise.all(Array.from({ length: callers }, caller));
  const seconds = (performance.now() - startedAt) / 1_000;
  const { user, system } = process.cpuUsage(before);
  return { perSecond: decisions / seconds, micros: (user + system) / decisions };
}

process.on("message", (burst: Burst) => {
  void ask(burst).then((result) => process.send?.(result));
});
process.send?.("ready");
await once(process, "disconnect");
await close();
