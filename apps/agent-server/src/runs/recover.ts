import { randomUUID } from "node:crypto";
import type { Agent } from "../agents/agent.ts";
import type { Run, RunStore } from "../store/store.ts";
import { toRunEvent } from "./wire.ts";

/**
 * Ends the runs that a crash has cut off: they are stored as failed, with the content that their events hold, so that
 * a client which resumes one reads an end.
 *
 * Belongs before the first request: any run that is going on here would be ended too.
 */
export async function endInterruptedRuns(
  store: RunStore,
  agents: ReadonlyMap<string, Agent>,
  now: () => number,
): Promise<void> {
  for (const run of await store.running()) {
    const { content, nextIndex } = await readBack(store, run);
    const at = Math.floor(now() / 1000);
    const agent = agents.get(run.agentId);
    const name = agent?.name ?? run.agentId;
    const context = { run, agent: { id: run.agentId, name }, index: nextIndex, at };
    const event = toRunEvent("RunError", context, {
      content: "The server stopped while the run was going on",
      error_type: "interrupted",
      error_id: randomUUID(),
    });
    const model = agent?.model ?? { id: "unknown", provider: "unknown" };
    const { tools, usage } = run;
    await store.settle(run, { status: "ERROR", content, tools, usage, model, at }, event);
  }
}

async function readBack(
  store: RunStore,
  run: Run,
): Promise<{ content: string; nextIndex: number }> {
  const pieces: string[] = [];
  let last = -1;
  for (;;) {
    const events = await store.eventsAfter(run.id, last, 256);
    if (events.length === 0) return { content: pieces.join(""), nextIndex: last + 1 };
    for (const { index, name, data } of events) {
      last = index;
      // A run that was continued starts over.
      if (name === "RunContinued") pieces.length = 0;
      if (name === "RunContent") pieces.push((JSON.parse(data) as { content: string }).content);
    }
  }
}
