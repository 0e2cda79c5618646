import { cpSync } from "node:fs";
import { openExchange } from "@enfilade/testing";
import fc from "fast-check";
import { expect, test } from "vitest";
import { createEchoAgent } from "../src/agents/echo.ts";
import { buildApp } from "../src/app.ts";
import { loadConfig } from "../src/config.ts";
import { openSqliteStore } from "../src/store/sqlite/store.ts";
import {
  contentOf,
  type EventData,
  formRequest,
  lastOf,
  parseEvents,
  postForm,
  temporaryFolder,
  testApp,
  testServer,
  waitingAgent,
} from "./support.ts";

async function resume(
  origin: string,
  agentId: string,
  runId: unknown,
  fields: Record<string, string> = {},
): Promise<EventData[]> {
  const response = await postForm(`${origin}/agents/${agentId}/runs/${runId}/resume`, fields);
  expect(response.status).toBe(200);
  return parseEvents(await response.text()).events;
}

test("a resumed run gives what came after any event, none lost and none twice", async () => {
  const origin = await testServer();
  const words = Array.from({ length: 150 }, (_, n) => `word${n}`).join(" ");
  const response = await postForm(`${origin}/agents/echo/runs`, { message: words });
  const { events } = parseEvents(await response.text());
  const runId = events[0]?.run_id;
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: -1, max: events.length }), async (last) => {
      const replayed = await resume(origin, "echo", runId, { last_event_index: String(last) });
      expect(replayed).toEqual(events.slice(last + 1));
    }),
    { numRuns: 20 },
  );
  expect(await resume(origin, "echo", runId)).toEqual(events);
});

test("a client that was cut off from a background run replays, then follows to the end", async () => {
  const { agent, release } = waitingAgent();
  const origin = await testServer({ agents: [agent] });
  const path = "/agents/scripted/runs";
  const first = await openExchange(origin, formRequest(path, { message: "x", background: "true" }));
  const { events: seen } = parseEvents(await first.bodyUntil('"content":"first "'));
  first.destroy();

  const { run_id, event_index } = lastOf(seen);
  const fields = { last_event_index: String(event_index) };
  const second = await openExchange(origin, formRequest(`${path}/${run_id}/resume`, fields));
  await second.head();
  release.resolve();
  const { events: rest } = parseEvents(await second.wholeBody());
  const all = [...seen, ...rest];
  expect(all.map((event) => event.event_index)).toEqual(all.map((_, index) => index));
  expect(contentOf(all)).toBe("first second");
  expect(all.at(-1)?.event).toBe("RunCompleted");
});

test("two clients that follow one run see the same; it goes on when one of them leaves", async () => {
  const { agent, happened, release } = waitingAgent();
  const origin = await testServer({ agents: [agent] });
  const first = await openExchange(origin, formRequest("/agents/scripted/runs", { message: "x" }));
  const { events } = parseEvents(await first.bodyUntil('"content":"first "'));
  const path = `/agents/scripted/runs/${events[0]?.run_id}/resume`;
  const second = await openExchange(origin, formRequest(path, {}));
  await second.bodyUntil('"content":"first "');
  first.destroy();
  release.resolve();
  expect(contentOf(parseEvents(await second.wholeBody()).events)).toBe("first second");
  expect(happened.items).toEqual(["started"]);
});

test("a run can be resumed after a restart", async () => {
  const folder = temporaryFolder();
  const before = openSqliteStore(folder);
  const app = await buildApp(loadConfig({ LOG_LEVEL: "silent" }), {
    agents: [createEchoAgent({ wordDelayMs: 0 })],
    store: before,
  });
  const payload = { message: "one two" };
  const response = await app.inject({ method: "POST", url: "/agents/echo/runs", payload });
  await app.close();
  await before.close();

  const after = openSqliteStore(folder);
  const again = await testApp({ store: after });
  const { events } = parseEvents(response.body);
  const replayed = await again.inject({
    method: "POST",
    url: `/agents/echo/runs/${events[0]?.run_id}/resume`,
    payload: { last_event_index: 1 },
  });
  expect(parseEvents(replayed.body).events).toEqual(events.slice(2));
  await again.close();
  await after.close();
});

test("a run that a crash has cut off ends as failed, with what it had said", async () => {
  const folder = temporaryFolder();
  const { agent } = waitingAgent();
  const crashed = openSqliteStore(folder);
  const app = await testApp({ agents: [agent], store: crashed });
  const payload = { message: "x", background: true, stream: false };
  const accepted = await app.inject({ method: "POST", url: "/agents/scripted/runs", payload });
  const { run_id, session_id } = accepted.json();
  await expect.poll(() => crashed.runs.eventsAfter(run_id, 0, 1)).toHaveLength(1);

  // The process is gone without a word, and another one opens what it has left behind.
  const left = temporaryFolder();
  cpSync(folder, left, { recursive: true });
  const survivor = openSqliteStore(left);
  const again = await testApp({ agents: [agent], store: survivor });
  const replayed = await again.inject({
    method: "POST",
    url: `/agents/scripted/runs/${run_id}/resume`,
  });
  expect(parseEvents(replayed.body).events.map(({ event }) => event)).toEqual([
    "RunStarted",
    "RunContent",
    "RunError",
  ]);
  const [run] = (await again.inject(`/sessions/${session_id}/runs`)).json();
  expect(run).toMatchObject({ status: "ERROR", content: "first " });
  await again.close();
  await survivor.close();
});

test.each(["x", "1.5", "-2"])("last_event_index %s is refused", async (last_event_index) => {
  const app = await testApp();
  const response = await app.inject({
    method: "POST",
    url: "/agents/echo/runs/none/resume",
    payload: { last_event_index },
  });
  expect(response.statusCode).toBe(422);
  expect(response.json().detail).toMatch(/^last_event_index: must be a whole number/);
});
