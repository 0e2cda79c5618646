import { openExchange } from "@enfilade/testing";
import fc from "fast-check";
import { expect, test } from "vitest";
import { type AgentEvent, AgentFailure } from "../src/agents/agent.ts";
import { encode } from "../src/http/sse.ts";
import {
  contentOf,
  formRequest,
  jsonOf,
  lastOf,
  parseEvents,
  postForm,
  scriptedAgent,
  testServer,
  waitingAgent,
} from "./support.ts";

test("a stream starts, speaks and completes, in frames of an event and one line of compact JSON", async () => {
  const origin = await testServer({ now: () => 1_767_323_045_678 });
  const response = await postForm(`${origin}/agents/echo/runs`, { message: "hi you" });
  expect(response.status).toBe(200);
  expect(response.headers.get("cache-control")).toBe("no-cache, no-transform");

  const text = await response.text();
  const ids = /"run_id":"([0-9a-f-]{36})","session_id":"([0-9a-f-]{36})"/.exec(text);
  const base = (event: string, index: number) =>
    `event: ${event}\ndata: {"created_at":1767323045,"event":"${event}","agent_id":"echo","agent_name":"Echo",` +
    `"run_id":"${ids?.[1]}","session_id":"${ids?.[2]}","event_index":${index},`;
  expect(text).toBe(
    [
      `${base("RunStarted", 0)}"model":"echo-1","model_provider":"enfilade"}`,
      `${base("RunContent", 1)}"content":"hi ","content_type":"str"}`,
      `${base("RunContent", 2)}"content":"you","content_type":"str"}`,
      `${base("RunCompleted", 3)}"content":"hi you","content_type":"str",` +
        `"metrics":{"input_tokens":2,"output_tokens":2,"total_tokens":4}}`,
      "",
    ].join("\n\n"),
  );
});

test("tool calls are told when they start, succeed and fail", async () => {
  const call = { id: "call_1", name: "look", args: { at: "it" } };
  const agent = scriptedAgent(async function* (): AsyncGenerator<AgentEvent> {
    yield { type: "tool-started", call };
    yield { type: "tool-completed", call: { ...call, result: "seen" } };
    yield { type: "tool-started", call: { ...call, id: "call_2" } };
    yield { type: "tool-failed", call: { ...call, id: "call_2", result: "Error: dark" } };
  });
  const origin = await testServer({ agents: [agent], now: () => 1_000 });
  const response = await postForm(`${origin}/agents/scripted/runs`, { message: "x" });
  const { events } = parseEvents(await response.text());
  const tool = {
    tool_call_id: "call_1",
    tool_name: "look",
    tool_args: { at: "it" },
    tool_call_error: false,
    created_at: 1,
  };
  expect(events.slice(1, -1).map(({ event, tool }) => [event, tool])).toEqual([
    ["ToolCallStarted", tool],
    ["ToolCallCompleted", { ...tool, result: "seen" }],
    ["ToolCallStarted", { ...tool, tool_call_id: "call_2" }],
    [
      "ToolCallError",
      { ...tool, tool_call_id: "call_2", tool_call_error: true, result: "Error: dark" },
    ],
  ]);
  const session = events[0]?.session_id;
  const [run] = await jsonOf<{ tools: { result: string }[] }[]>(
    await fetch(`${origin}/sessions/${session}/runs`),
  );
  expect(run?.tools.map(({ result }) => result)).toEqual(["seen", "Error: dark"]);
});

test("any message comes through a stream as it was, line breaks and braces included", async () => {
  const origin = await testServer();
  const unit = fc.oneof(
    fc.string({ unit: "grapheme" }),
    fc.constantFrom(
      "\n",
      "\r",
      "\r\n",
      "\n\n",
      "data: x\n\n",
      "event: RunError\n",
      "{",
      "}",
      "\u2028",
      "\0",
      " ",
    ),
  );
  const message = fc.array(unit).map((parts) => `x${parts.join("")}`);
  await fc.assert(
    fc.asyncProperty(message, async (given) => {
      const response = await fetch(`${origin}/agents/echo/runs`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ message: given }),
      });
      const { events } = parseEvents(await response.text());
      expect(contentOf(events)).toBe(given);
      expect(events.at(-1)).toMatchObject({ event: "RunCompleted", content: given });
    }),
    { numRuns: 40 },
  );
});

test("a stream that keeps silent says that it is alive, without a brace", async () => {
  const { agent, release } = waitingAgent();
  const origin = await testServer({ agents: [agent], heartbeatMs: 5 });
  const exchange = await openExchange(
    origin,
    formRequest("/agents/scripted/runs", { message: "x" }),
  );
  await exchange.bodyUntil(": keep-alive");
  release.resolve();
  const { events, comments } = parseEvents(await exchange.wholeBody());
  expect(comments.length).toBeGreaterThan(0);
  expect(comments.join("")).not.toMatch(/[{}]/);
  expect(contentOf(events)).toBe("first second");
});

test("a heartbeat is not written for a reader that does not read", async () => {
  const silent: AsyncIterable<never> = {
    [Symbol.asyncIterator]: () => ({ next: () => new Promise(() => {}) }),
  };
  const frames = encode(silent, 1);
  expect((await frames.next()).value).toBe(": keep-alive\n\n");
  // The next one is made when it is asked for, so a stalled socket gathers none.
  expect((await frames.next()).value).toBe(": keep-alive\n\n");
});

test("an error whose message is for the caller ends the stream with it", async () => {
  const agent = scriptedAgent(async function* (): AsyncGenerator<AgentEvent> {
    yield { type: "content", text: "so far" };
    throw new AgentFailure("provider_error", "The model provider answered with an error");
  });
  const origin = await testServer({ agents: [agent] });
  const response = await postForm(`${origin}/agents/scripted/runs`, { message: "x" });
  expect(response.status).toBe(200);
  const { events } = parseEvents(await response.text());
  expect(events.at(-1)).toMatchObject({
    event: "RunError",
    content: "The model provider answered with an error",
    error_type: "provider_error",
    error_id: expect.stringMatching(/^[0-9a-f-]{36}$/),
  });
});

test("the same failure is a 500 with a detail when the run does not stream", async () => {
  const agent = scriptedAgent(async function* (): AsyncGenerator<AgentEvent> {
    yield { type: "content", text: "so far" };
    throw new AgentFailure("provider_error", "The model provider answered with an error");
  });
  const origin = await testServer({ agents: [agent] });
  const url = `${origin}/agents/scripted/runs`;
  const response = await postForm(url, { message: "x", stream: "false" });
  expect(response.status).toBe(500);
  const failure = await jsonOf<{ run_id: string }>(response);
  expect(failure).toMatchObject({
    detail: "The model provider answered with an error",
    error_type: "provider_error",
  });
  const stored = await jsonOf(await fetch(`${url}/${failure.run_id}`));
  expect(stored).toMatchObject({ status: "ERROR", content: "so far" });
});

test("any other error stays in the log, under the id that the caller gets", async () => {
  const lines: string[] = [];
  const agent = scriptedAgent(async function* (): AsyncGenerator<AgentEvent> {
    yield { type: "content", text: "so far" };
    throw new Error("connect postgres://admin:hunter2@10.0.0.1");
  });
  const logStream = { write: (line: string) => void lines.push(line) };
  const origin = await testServer({ agents: [agent], logStream });
  const text = await (await postForm(`${origin}/agents/scripted/runs`, { message: "x" })).text();
  expect(text).not.toContain("hunter2");
  const { error_id, error_type } = lastOf(parseEvents(text).events);
  expect(error_type).toBe("agent_error");
  const logged = lines.map((line) => JSON.parse(line)).find(({ msg }) => msg === "run failed");
  expect(logged).toMatchObject({ errorId: error_id, err: { message: /hunter2/ } });
});

test("a run that takes too long is stopped and says so", async () => {
  const { agent, happened } = waitingAgent();
  const origin = await testServer({ agents: [agent], runTimeoutMs: 20 });
  const response = await postForm(`${origin}/agents/scripted/runs`, { message: "x" });
  const { events } = parseEvents(await response.text());
  expect(events.at(-1)).toMatchObject({ event: "RunError", error_type: "run_timeout" });
  await happened.find((what) => what === "aborted");
});
