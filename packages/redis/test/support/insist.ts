import { setTimeout } from "node:timers/promises";
import type { RedisError } from "../../src/index.ts";

/**
 * Runs it for good: what a busy machine has kept from running is run again, and what has run late
 * counts. That this is exact is what a fate is for.
 */
export async function insist<Reply>(run: () => Promise<Reply>): Promise<Reply> {
  for (;;) {
    try {
      return await run();
    } catch (error) {
      const fate = await (error as RedisError).fate;
      if (fate.ran === "yes") return fate.reply as Reply;
      if (fate.ran === "unknown") throw error;
      await setTimeout(10);
    }
  }
}
