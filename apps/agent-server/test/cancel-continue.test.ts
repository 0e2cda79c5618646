import { expect, test } from "vitest";
import type { AgentEvent } from "../src/agents/agent.ts";
import {
  contentOf,
  type EventData,
  jsonOf,
  lastOf,
  parseEvents,
  postForm,
  scriptedAgent,
  testServer,
  untilEnded,
  waitingAgent,
} from "./support.ts";

interface Accepted {
  readonly run_id: string;
  readonly session_id: string;
  readonly status: string;
}

async function startInBackground(origin: string): Promise<Accepted> {
  const fields = { message: "x", background: "true", stream: "false" };
  const response = await postForm(`${origin}/agents/scripted/runs`, fields);
  expect(response.status).toBe(202);
  return jsonOf<Accepted>(response);
}

async function eventsOf(response: Response): Promise<EventData[]> {
  return parseEvents(await response.text()).events;
}

test("a background run that does not stream is accepted, and can be read until it has ended", async () => {
  const { agent, release } = waitingAgent();
  const origin = await testServer({ agents: [agent] });
  const { run_id, session_id, status } = await startInBackground(origin);
  expect(status).toBe("RUNNING");
  const url = `${origin}/agents/scripted/runs/${run_id}`;
  expect(await jsonOf(await fetch(url))).toMatchObject({ run_id, session_id, status: "RUNNING" });
  release.resolve();
  await untilEnded(origin, "scripted", run_id);
  expect(await jsonOf(await fetch(url))).toEqual({
    run_id,
    session_id,
    agent_id: "scripted",
    agent_name: "Scripted",
    model: "script-1",
    model_provider: "test",
    run_input: "x",
    content: "first second",
    content_type: "str",
    metrics: { input_tokens: 3, output_tokens: 2, total_tokens: 5 },
    status: "COMPLETED",
    created_at: expect.any(Number),
  });
});

test("a cancelled run stops its agent, ends its stream with the reason and is stored", async () => {
  const { agent, happened } = waitingAgent();
  const origin = await testServer({ agents: [agent] });
  const { run_id } = await startInBackground(origin);
  const url = `${origin}/agents/scripted/runs/${run_id}`;
  const following = await postForm(`${url}/resume`, {});
  const cancelled = await fetch(`${url}/cancel`, {
    method: "POST",
    headers: { "content-type": "application/json" },
  });
  expect(cancelled.status).toBe(200);
  expect(await cancelled.json()).toEqual({});
  expect(happened.items).toEqual(["started", "aborted"]);
  expect(lastOf(await eventsOf(following))).toMatchObject({
    event: "RunCancelled",
    reason: "The run was cancelled",
  });
  expect(await jsonOf(await fetch(url))).toMatchObject({ status: "CANCELLED" });
});

test("to cancel a run that has ended changes nothing", async () => {
  const { agent, release } = waitingAgent();
  const origin = await testServer({ agents: [agent] });
  release.resolve();
  const { run_id } = await startInBackground(origin);
  await untilEnded(origin, "scripted", run_id);
  const url = `${origin}/agents/scripted/runs/${run_id}`;
  expect(await (await postForm(`${url}/cancel`, {})).json()).toEqual({});
  expect(await jsonOf(await fetch(url))).toMatchObject({ status: "COMPLETED" });
});

test("a cancelled run can be continued: it runs again under its id, after its old events", async () => {
  let attempts = 0;
  const agent = scriptedAgent(async function* (): AsyncGenerator<AgentEvent> {
    attempts += 1;
    yield { type: "content", text: `attempt ${attempts}` };
    if (attempts === 1) await new Promise(() => {});
  });
  const origin = await testServer({ agents: [agent] });
  const { run_id, session_id } = await startInBackground(origin);
  const url = `${origin}/agents/scripted/runs/${run_id}`;
  await postForm(`${url}/cancel`, {});

  const continued = await eventsOf(await postForm(`${url}/continue`, { session_id }));
  expect(continued.map(({ event, event_index }) => [event_index, event])).toEqual([
    [3, "RunContinued"],
    [4, "RunContent"],
    [5, "RunCompleted"],
  ]);
  expect(contentOf(continued)).toBe("attempt 2");
  expect(await jsonOf(await fetch(url))).toMatchObject({
    status: "COMPLETED",
    content: "attempt 2",
  });
  const all = await eventsOf(await postForm(`${url}/resume`, {}));
  expect(all.map(({ event_index }) => event_index)).toEqual([0, 1, 2, 3, 4, 5]);
});

test("a run that is going on, or has completed, cannot be continued", async () => {
  const { agent, release } = waitingAgent();
  const origin = await testServer({ agents: [agent] });
  const { run_id } = await startInBackground(origin);
  const url = `${origin}/agents/scripted/runs/${run_id}/continue`;

  const running = await postForm(url, {});
  expect(running.status).toBe(409);
  expect((await jsonOf(running)).detail).toBe(
    `Run ${run_id} is still running: resume it to follow it`,
  );
  release.resolve();
  await untilEnded(origin, "scripted", run_id);
  const completed = await postForm(url, {});
  expect(completed.status).toBe(409);
  expect((await jsonOf(completed)).detail).toBe(
    `Run ${run_id} has completed: there is nothing to continue`,
  );
});

test("a run that came with files cannot be continued, because they are not kept", async () => {
  const { agent } = waitingAgent();
  const origin = await testServer({ agents: [agent] });
  const form = new FormData();
  for (const [name, value] of Object.entries({ message: "x", background: "true", stream: "0" })) {
    form.append(name, value);
  }
  form.append("files", new Blob(["data"]), "a.txt");
  const url = `${origin}/agents/scripted/runs`;
  const { run_id } = await jsonOf<Accepted>(await fetch(url, { method: "POST", body: form }));
  await postForm(`${url}/${run_id}/cancel`, {});
  const refused = await postForm(`${url}/${run_id}/continue`, {});
  expect(refused.status).toBe(409);
  expect((await jsonOf(refused)).detail).toMatch(/came with files, which are not kept/);
});

test.each(["", "/cancel", "/continue", "/resume"])(
  "runs%s that are not there, of another agent, session or user look alike",
  async (action) => {
    const { agent, release } = waitingAgent();
    const other = { ...agent, id: "other" };
    const origin = await testServer({ agents: [agent, other] });
    release.resolve();
    const fields = { message: "x", user_id: "u1", background: "true", stream: "false" };
    const url = `${origin}/agents/scripted/runs`;
    const { run_id } = await jsonOf<Accepted>(await postForm(url, fields));
    await untilEnded(origin, "scripted", run_id);

    const call = (path: string, query: Record<string, string>) =>
      action === ""
        ? fetch(`${origin}${path}?${new URLSearchParams(query)}`)
        : postForm(`${origin}${path}${action}`, query);
    for (const [path, query] of [
      ["/agents/scripted/runs/none", {}],
      [`/agents/other/runs/${run_id}`, {}],
      [`/agents/scripted/runs/${run_id}`, { session_id: "another" }],
      [`/agents/scripted/runs/${run_id}`, { user_id: "u2" }],
    ] as const) {
      const response = await call(path, query);
      expect(response.status).toBe(404);
      expect((await jsonOf(response)).detail).toBe(`Run with ID ${path.split("/")[4]} not found`);
    }
  },
);

test("who waits for a run hears 404 when it is deleted with its session", async () => {
  const { agent, happened } = waitingAgent();
  const origin = await testServer({ agents: [agent] });
  expect((await postForm(`${origin}/sessions`, { session_id: "s1" })).status).toBe(201);
  const fields = { message: "x", session_id: "s1", stream: "false" };
  const waiting = postForm(`${origin}/agents/scripted/runs`, fields);
  await happened.find((what) => what === "started");
  expect((await fetch(`${origin}/sessions/s1`, { method: "DELETE" })).status).toBe(204);
  expect((await waiting).status).toBe(404);
});
