import { createRecorder, openExchange } from "@enfilade/testing";
import { expect, test } from "vitest";
import type { AgentEvent } from "../src/agents/agent.ts";
import {
  formRequest,
  jsonOf,
  lastOf,
  parseEvents,
  postForm,
  scriptedAgent,
  testServer,
  untilEnded,
  waitingAgent,
} from "./support.ts";

const path = "/agents/scripted/runs";

/** Lets the server do whatever it still has to do: each round trip is many turns of its event loop. */
async function letItWork(origin: string, roundTrips = 30): Promise<void> {
  for (let n = 0; n < roundTrips; n += 1) await (await fetch(`${origin}/health`)).text();
}

test.each(["destroy", "reset", "halfClose"] as const)(
  "a client that goes away (%s) stops the agent, and the run is stored as cancelled",
  async (goAway) => {
    const { agent, happened } = waitingAgent();
    const origin = await testServer({ agents: [agent] });
    const exchange = await openExchange(origin, formRequest(path, { message: "x" }));
    const { events } = parseEvents(await exchange.bodyUntil('"content":"first "'));
    exchange[goAway]();
    await happened.find((what) => what === "aborted");

    const runId = String(events[0]?.run_id);
    await untilEnded(origin, "scripted", runId);
    const run = await jsonOf(await fetch(`${origin}${path}/${runId}`));
    expect(run).toMatchObject({
      status: "CANCELLED",
      content: "first ",
      metrics: { input_tokens: 3, output_tokens: 2, total_tokens: 5 },
    });
  },
);

test("a client that goes away stops a run that does not stream as well", async () => {
  const { agent, happened } = waitingAgent();
  const origin = await testServer({ agents: [agent] });
  const request = formRequest(path, { message: "x", stream: "false", session_id: "s1" });
  const exchange = await openExchange(origin, request);
  await happened.find((what) => what === "started");
  exchange.destroy();
  await happened.find((what) => what === "aborted");
});

test("a request whose body has been read to its end is no client that went away", async () => {
  const { agent, happened, release } = waitingAgent();
  const origin = await testServer({ agents: [agent] });
  const exchange = await openExchange(origin, formRequest(path, { message: "x" }));
  await exchange.bodyUntil('"content":"first "');
  await letItWork(origin);
  expect(happened.items).toEqual(["started"]);
  release.resolve();
  expect(parseEvents(await exchange.wholeBody()).events.at(-1)?.event).toBe("RunCompleted");
});

test("an agent that does not heed its signal cannot keep its run going", async () => {
  const deaf = scriptedAgent(async function* (): AsyncGenerator<AgentEvent> {
    yield { type: "content", text: "first" };
    await new Promise(() => {});
  });
  const origin = await testServer({ agents: [deaf] });
  const exchange = await openExchange(origin, formRequest(path, { message: "x" }));
  const { events } = parseEvents(await exchange.bodyUntil('"content":"first"'));
  exchange.destroy();
  const runId = String(events[0]?.run_id);
  await untilEnded(origin, "scripted", runId);
  const run = await jsonOf(await fetch(`${origin}${path}/${runId}`));
  expect(run.status).toBe("CANCELLED");
});

test("a background run goes on without its client", async () => {
  const { agent, happened, release } = waitingAgent();
  const origin = await testServer({ agents: [agent] });
  const request = formRequest(path, { message: "x", background: "true" });
  const exchange = await openExchange(origin, request);
  const { events } = parseEvents(await exchange.bodyUntil('"content":"first "'));
  exchange.destroy();
  await letItWork(origin);
  expect(happened.items).toEqual(["started"]);
  release.resolve();
  const runId = String(events[0]?.run_id);
  await untilEnded(origin, "scripted", runId);
  const run = await jsonOf(await fetch(`${origin}${path}/${runId}`));
  expect(run).toMatchObject({ status: "COMPLETED", content: "first second" });
});

test("an agent waits for a client that does not read, and goes on when it reads again", async () => {
  const total = 2_000;
  const produced = createRecorder<number>();
  const piece = "x".repeat(16_384);
  const agent = scriptedAgent(async function* (): AsyncGenerator<AgentEvent> {
    for (let n = 0; n < total; n += 1) {
      produced.record(n);
      yield { type: "content", text: piece };
    }
  });
  const origin = await testServer({ agents: [agent] });
  const response = await postForm(`${origin}${path}`, { message: "x" });

  // Buffers on the way fill first; then round trip after round trip brings no new piece.
  let before = -1;
  while (produced.items.length !== before) {
    before = produced.items.length;
    await letItWork(origin);
  }
  expect(before).toBeLessThan(total);

  const events = parseEvents(await response.text()).events;
  expect(events).toHaveLength(total + 2);
  expect(lastOf(events).event).toBe("RunCompleted");
});

test("an agent that waits for a client which does not read is stopped when that client goes away", async () => {
  const aborted = createRecorder<string>();
  const piece = "x".repeat(65_536);
  const agent = scriptedAgent(async function* (_input, signal): AsyncGenerator<AgentEvent> {
    signal.addEventListener("abort", () => aborted.record("aborted"));
    for (;;) yield { type: "content", text: piece };
  });
  const origin = await testServer({ agents: [agent] });
  const exchange = await openExchange(origin, formRequest(path, { message: "x" }));
  await exchange.bodyUntil("RunContent");
  exchange.socket.pause();
  await letItWork(origin);
  exchange.reset();
  await aborted.find((what) => what === "aborted");
});
