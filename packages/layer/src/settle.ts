import type { Exchange } from "./exchange.ts";
import { logFailure } from "./failures.ts";
import { isThenable } from "./thenable.ts";
import type { Outcome } from "./types.ts";

/** Runs the settling steps one after the other; a failing one is logged and keeps no other from running. */
export function settle(exchange: Exchange, outcome: Outcome): Promise<void> | undefined {
  const { request, reply, endings } = exchange;
  const { onSettled } = endings;
  for (let index = 0; index < onSettled.length; index++) {
    try {
      const result = onSettled[index]?.run.call(request.server, request, reply, outcome);
      if (isThenable(result)) return settleRest(exchange, outcome, result, index + 1);
    } catch (error) {
      logFailure(request, "onSettled", error);
    }
  }
  return undefined;
}

async function settleRest(
  { request, reply, endings }: Exchange,
  outcome: Outcome,
  current: PromiseLike<unknown>,
  next: number,
): Promise<void> {
  try {
    await current;
  } catch (error) {
    logFailure(request, "onSettled", error);
  }
  for (const step of endings.onSettled.slice(next)) {
    try {
      await step.run.call(request.server, request, reply, outcome);
    } catch (error) {
      logFailure(request, "onSettled", error);
    }
  }
}
