import { setTimeout } from "node:timers/promises";
import type { RedisServer } from "@enfilade/testing";
import { createClient } from "@redis/client";
import { worstWindow } from "./bursts.ts";
import type { Open } from "./redis-clients.ts";
import type { RedisTerms } from "./redis-contenders.ts";

const CYCLES = 3;

/**
 * Asks in real time: one early request, a burst just before the window that it has opened ends, and
 * another just after it. Tells how many commands a decision took, and the worst window.
 */
export async function worstOnRedis(
  open: Open,
  server: RedisServer,
  { limit, windowMs }: RedisTerms,
): Promise<{ commands: number; worst: number }> {
  await server.command("FLUSHALL");
  const { hit, close } = await open(server.url);
  await hit("warm");
  const watch = await countCommands(server.url);
  const admitted: number[] = [];
  let asked = 0;
  const ask = async () => {
    asked += 1;
    // A moment of the server lies between the two here; the later one never makes a window shorter.
    if (await hit("caller")) admitted.push(performance.now());
  };
  for (let cycle = 0; cycle < CYCLES; cycle++) {
    const startedAt = performance.now();
    const until = (ms: number) => setTimeout(Math.max(0, startedAt + ms - performance.now()));
    await ask();
    await until(windowMs * 0.9);
    for (let i = 0; i < 1.5 * limit; i++) await ask();
    await until(windowMs * 1.02);
    for (let i = 0; i < 1.5 * limit; i++) await ask();
    await until(windowMs * 3.5);
  }
  const commands = (await watch.stop()) / asked;
  await close();
  return { commands, worst: worstWindow(admitted, windowMs) / limit };
}

/** Counts what clients send, as MONITOR tells it; what scripts call is marked, and left out. */
async function countCommands(url: string) {
  const monitor = await createClient({ url }).connect();
  let commands = 0;
  await monitor.monitor((line) => {
    if (
      /"(evalsha|eval|incr|incrby|set|get|pttl|expire|pexpire)"/i.test(line) &&
      !/\[\d+ lua\]/.test(line)
    ) {
      commands += 1;
    }
  });
  return {
    async stop() {
      await setTimeout(50);
      monitor.destroy();
      return commands;
    },
  };
}
