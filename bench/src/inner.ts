import { fork } from "node:child_process";
import { once } from "node:events";
import { hear } from "./hear.ts";
import type { Contender, Rounds } from "./rounds.ts";

/** Measures contenders that drive themselves and report what a request has cost; each in new processes, in random order. */
export async function measureInside(
  contenders: readonly Contender[],
  sittings: number,
): Promise<Rounds> {
  const results = new Map(contenders.map(({ name }) => [name, [] as number[]]));
  for (let sitting = 0; sitting < sittings; sitting++) {
    for (const { name, program, args = [] } of contenders.toSorted(() => Math.random() - 0.5)) {
      const child = fork(new URL(`servers/${program}.ts`, import.meta.url), args, {
        execArgv: ["--import", "tsx"],
      });
      const { micros } = await hear<{ micros: number }>(child);
      results.get(name)?.push(micros);
      await once(child, "exit");
    }
  }
  return results;
}
