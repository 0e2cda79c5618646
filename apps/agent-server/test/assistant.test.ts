import { openExchange } from "@enfilade/testing";
import { expect, onTestFinished, test } from "vitest";
import { createAssistantAgent } from "../src/agents/assistant.ts";
import { createPassageIndex, type PassageIndex } from "../src/search/passage-index.ts";
import {
  type ModelReply,
  type ModelServer,
  startModelServer,
  toolCall,
  usage,
  words,
} from "./model-server.ts";
import {
  contentOf,
  type EventData,
  formRequest,
  jsonOf,
  lastOf,
  parseEvents,
  postForm,
  testServer,
  untilEnded,
} from "./support.ts";

const path = "/agents/assistant/runs";

async function serve(replies: readonly ModelReply[]): Promise<ModelServer & { origin: string }> {
  const model = await startModelServer(replies);
  const text = "# Quota\n\n## Leases\n\nA lease is returned when the client disconnects.\n";
  const index = createPassageIndex([{ path: "packages/quota/README.md", text }]);
  onTestFinished(() => index.close());
  const options = { apiKey: "sk-test", baseUrl: model.baseUrl, model: "m-1", index };
  return { ...model, origin: await testServer({ agents: [createAssistantAgent(options)] }) };
}

async function ask(origin: string, fields: Record<string, string>): Promise<EventData[]> {
  return parseEvents(await (await postForm(origin + path, fields)).text()).events;
}

const search = (id: string, query: string): ModelReply => ({
  chunks: [
    toolCall(0, { id, type: "function", function: { name: "search_docs", arguments: "" } }),
    toolCall(0, { function: { arguments: '{"query":' } }),
    toolCall(0, { function: { arguments: `${JSON.stringify(query)}}` } }),
    usage(100, 10),
  ],
});

test("an answer streams as the model writes it, with the provider's own token counts", async () => {
  const { origin, requests } = await serve([
    { chunks: [words("Hello"), words(" there\n"), words("friend"), usage(21, 7)] },
  ]);
  const events = await ask(origin, { message: "Hi", dependencies: '{"plan":"pro"}' });
  expect(events.map(({ event }) => event)).toEqual([
    "RunStarted",
    "RunContent",
    "RunContent",
    "RunContent",
    "RunCompleted",
  ]);
  expect(events[0]).toMatchObject({ model: "m-1", model_provider: "openai" });
  expect(lastOf(events)).toMatchObject({
    content: "Hello there\nfriend",
    metrics: { input_tokens: 21, output_tokens: 7, total_tokens: 28 },
  });
  const [request] = requests.items;
  expect(request).toMatchObject({
    authorization: "Bearer sk-test",
    path: "/v1/chat/completions",
    body: { model: "m-1", stream: true, stream_options: { include_usage: true } },
  });
  expect(request?.body.messages[0]?.content).toContain('{"plan":"pro"}');
  expect(request?.body.messages.at(-1)).toEqual({ role: "user", content: "Hi" });
});

test("the model may search the documentation, and answers with what the search found", async () => {
  const { origin, requests } = await serve([
    search("call_a", "lease disconnect"),
    { chunks: [words("It is returned."), usage(200, 20)] },
  ]);
  const events = await ask(origin, { message: "What becomes of a lease?" });
  expect(events.map(({ event }) => event)).toEqual([
    "RunStarted",
    "ToolCallStarted",
    "ToolCallCompleted",
    "RunContent",
    "RunCompleted",
  ]);
  const passage =
    "[packages/quota/README.md › Quota › Leases]\nA lease is returned when the client disconnects.";
  expect(events[2]?.tool).toMatchObject({
    tool_call_id: "call_a",
    tool_name: "search_docs",
    tool_args: { query: "lease disconnect" },
    result: passage,
  });
  expect(lastOf(events).metrics).toEqual({
    input_tokens: 300,
    output_tokens: 30,
    total_tokens: 330,
  });
  expect(requests.items[1]?.body.messages.slice(-2)).toMatchObject([
    { role: "assistant", tool_calls: [{ id: "call_a", function: { name: "search_docs" } }] },
    { role: "tool", tool_call_id: "call_a", content: passage },
  ]);
});

test.each([
  ["arguments that are no JSON", "search_docs", "{", "Error: The arguments are not a JSON object"],
  [
    "arguments of another shape",
    "search_docs",
    "{}",
    "Error: The arguments need a text called query",
  ],
  ["a tool that is not there", "launch", "{}", "Error: There is no tool called launch"],
])("%s are told to the model, which may go on", async (_what, name, text, message) => {
  const { origin, requests } = await serve([
    { chunks: [toolCall(0, { id: "call_a", function: { name, arguments: text } })] },
    { chunks: [words("Sorry.")] },
  ]);
  const events = await ask(origin, { message: "x" });
  expect(events[2]).toMatchObject({
    event: "ToolCallError",
    tool: { tool_call_error: true, result: message },
  });
  expect(requests.items[1]?.body.messages.at(-1)?.content).toBe(message);
  expect(contentOf(events)).toBe("Sorry.");
});

test("a model that only ever calls tools has to answer after five rounds", async () => {
  const { origin, requests } = await serve([search("call_a", "lease")]);
  const events = await ask(origin, { message: "x" });
  expect(lastOf(events).event).toBe("RunCompleted");
  expect(requests.items.map(({ body }) => body.tool_choice)).toEqual([
    ...Array(5).fill("auto"),
    "none",
  ]);
});

test("a client that goes away closes the connection to the model, and what was used is estimated", async () => {
  const { origin, aborted } = await serve([{ chunks: [words("Once upon ")], ending: "held" }]);
  const exchange = await openExchange(origin, formRequest(path, { message: "Tell me" }));
  const { events } = parseEvents(await exchange.bodyUntil("Once upon"));
  exchange.destroy();
  await aborted.find((what) => what === "aborted");

  const runId = String(events[0]?.run_id);
  await untilEnded(origin, "assistant", runId);
  const run = await jsonOf<{ metrics: { input_tokens: number; output_tokens: number } }>(
    await fetch(`${origin}${path}/${runId}`),
  );
  expect(run).toMatchObject({ status: "CANCELLED", content: "Once upon " });
  expect(run.metrics.output_tokens).toBe(2);
  expect(run.metrics.input_tokens).toBeGreaterThan(0);
});

test("the model sees the session so far, and files that are text", async () => {
  const { origin, requests } = await serve([{ chunks: [words("Noted.")] }]);
  await ask(origin, { message: "I am Ada", session_id: "s1" });
  const form = new FormData();
  form.append("message", "Who am I?");
  form.append("session_id", "s1");
  form.append("files", new Blob(["Ada wrote this"], { type: "text/plain" }), "note.txt");
  form.append("files", new Blob([new Uint8Array(9)], { type: "image/png" }), "face.png");
  await (await fetch(origin + path, { method: "POST", body: form })).text();
  expect(requests.items[1]?.body.messages.slice(1)).toEqual([
    { role: "user", content: "I am Ada" },
    { role: "assistant", content: "Noted." },
    {
      role: "user",
      content:
        "Who am I?\n\n[File note.txt]\nAda wrote this\n\n[File face.png: image/png, 9 bytes]",
    },
  ]);
});

test.each([
  [401, "provider_refused", "The model provider refused this server's key"],
  [400, "provider_error", "The model provider answered with an error (status 400)"],
])(
  "a provider's %i ends the run with %s, and quotes nothing of it",
  async (status, type, content) => {
    const { origin } = await serve([{ status }]);
    const response = await postForm(origin + path, { message: "x" });
    const text = await response.text();
    expect(text).not.toContain("sk-secret");
    const last = lastOf(parseEvents(text).events);
    expect(last).toMatchObject({ event: "RunError", error_type: type, content });
  },
);

test("a provider that goes away in the middle ends the run with what it had said, and with the reason", async () => {
  const { origin } = await serve([{ chunks: [words("Half an")], ending: "broken off" }]);
  const events = await ask(origin, { message: "x" });
  expect(contentOf(events)).toBe("Half an");
  expect(lastOf(events)).toMatchObject({
    event: "RunError",
    error_type: "provider_broke_off",
    content: "The model provider broke off its answer",
  });
});

test("a provider that counts not everything, or nothing, is counted by the rule of all others", async () => {
  const partly = { choices: [], usage: { prompt_tokens: 21, completion_tokens: null } };
  const { origin } = await serve([
    { chunks: [words("Hello there"), partly] },
    { chunks: [words("Hello there"), { choices: [], usage: {} }] },
  ]);
  expect(lastOf(await ask(origin, { message: "Hi" }))).toMatchObject({
    event: "RunCompleted",
    metrics: { input_tokens: 21, output_tokens: 4 },
  });
  const { metrics } = lastOf(await ask(origin, { message: "Hi" }));
  expect(metrics).toMatchObject({ output_tokens: 4 });
});

test("a search that fails ends the run, and what it says of the inside stays there", async () => {
  const model = await startModelServer([search("call_a", "lease")]);
  const index: PassageIndex = {
    search() {
      throw new Error("SQLITE_CORRUPT: database disk image is malformed");
    },
    titles: () => [],
    size: 0,
    close() {},
  };
  const options = { apiKey: "sk-test", baseUrl: model.baseUrl, model: "m-1", index };
  const origin = await testServer({ agents: [createAssistantAgent(options)] });
  const text = await (await postForm(origin + path, { message: "x" })).text();
  expect(text).not.toMatch(/database|sqlite/i);
  expect(lastOf(parseEvents(text).events)).toMatchObject({ error_type: "agent_error" });
});
