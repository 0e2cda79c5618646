import { createDeferred, openExchange } from "@enfilade/testing";
import { expect, test } from "vitest";
import type { AgentEvent } from "../src/agents/agent.ts";
import {
  formRequest,
  lastOf,
  parseEvents,
  postForm,
  scriptedAgent,
  temporaryStore,
  testApp,
  waitingAgent,
} from "./support.ts";

test("a server that closes ends its streams with the reason, and stores what they had said", async () => {
  const { agent } = waitingAgent();
  const store = temporaryStore();
  const app = await testApp({ agents: [agent], store });
  const origin = await app.listen({ port: 0, host: "127.0.0.1" });
  // `fetch` keeps its connection alive, which must not hold up the close.
  const response = await postForm(`${origin}/agents/scripted/runs`, { message: "x" });
  await app.close();

  const last = lastOf(parseEvents(await response.text()).events);
  expect(last).toMatchObject({ event: "RunCancelled", reason: "The server is shutting down" });
  expect(await store.runs.get(last.run_id, undefined)).toMatchObject({
    status: "CANCELLED",
    content: "first ",
  });
});

test("a client that does not read cannot keep a server from closing", async () => {
  const piece = "x".repeat(65_536);
  const agent = scriptedAgent(async function* (): AsyncGenerator<AgentEvent> {
    for (;;) yield { type: "content", text: piece };
  });
  const app = await testApp({ agents: [agent], drainMs: 20 });
  const origin = await app.listen({ port: 0, host: "127.0.0.1" });
  const request = formRequest("/agents/scripted/runs", { message: "x" });
  const exchange = await openExchange(origin, request);
  await exchange.bodyUntil("RunContent");
  exchange.socket.pause();
  await app.close();
  exchange.socket.resume();
  await exchange.closed();
});

test("a run that a request begins while the server closes is stopped, also in the background", async () => {
  const { agent } = waitingAgent();
  const store = temporaryStore();
  const app = await testApp({ agents: [agent], store });
  const closing = createDeferred();
  app.addHook("preClose", async () => closing.resolve());
  const origin = await app.listen({ port: 0, host: "127.0.0.1" });
  const arrived = createDeferred();
  app.server.once("request", () => arrived.resolve());

  const fields = { message: "x", background: "true", stream: "false" };
  const { body, headers, path } = formRequest("/agents/scripted/runs", fields);
  const exchange = await openExchange(origin, {
    path,
    headers: { ...headers, "content-length": String(body.length) },
    body: body.slice(0, 4),
  });
  await arrived.promise;
  const closed = app.close();
  await closing.promise;
  exchange.write(body.slice(4));
  expect(await exchange.head()).toMatchObject({ status: 202 });
  await closed;
  expect(await store.runs.running()).toEqual([]);
});
