import { QUOTA_INVALID_USAGE } from "./errors.ts";
import type { Usage } from "./types.ts";

/** Units that every run has, whether a policy counts them or not: handlers need not know the policies. */
const ALWAYS: ReadonlySet<string> = new Set(["requests", "tokens", "money"]);
/** Sums stay exact. */
export const LARGEST: number = 2 ** 51;

/**
 * Checks what somebody says of a usage. A unit that nothing counts is refused: it is a misspelt one, and what
 * it stands for would cost nothing.
 *
 * @param what - who says so, for the error
 * @param counted - the units that policies count
 * @throws `QUOTA_INVALID_USAGE`
 */
export function readUsage(what: string, given: unknown, counted: ReadonlySet<string>): Usage {
  if (typeof given !== "object" || given === null) {
    throw new QUOTA_INVALID_USAGE(what, "nothing", String(given), "Give { tokens: 1200 }.");
  }
  const usage: Record<string, number> = {};
  for (const [unit, amount] of Object.entries(given)) {
    if (amount === undefined) continue;
    if (unit === "runs" || !(counted.has(unit) || ALWAYS.has(unit))) {
      const words = [...new Set([...ALWAYS, ...counted])].filter((word) => word !== "runs");
      throw new QUOTA_INVALID_USAGE(what, unit, String(amount), `Use ${words.join(", ")}.`);
    }
    if (!Number.isSafeInteger(amount) || amount < 0 || amount > LARGEST) {
      throw new QUOTA_INVALID_USAGE(what, unit, String(amount), "Give a whole number from 0.");
    }
    usage[unit] = amount;
  }
  return usage;
}
