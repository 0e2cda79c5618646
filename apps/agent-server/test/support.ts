import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  createDeferred,
  createRecorder,
  type Deferred,
  listen,
  type Recorder,
} from "@enfilade/testing";
import { createParser, type EventSourceMessage } from "eventsource-parser";
import type { FastifyInstance } from "fastify";
import { onTestFinished } from "vitest";
import type { Agent, AgentEvent, AgentInput } from "../src/agents/agent.ts";
import { createEchoAgent } from "../src/agents/echo.ts";
import { buildApp, type Dependencies } from "../src/app.ts";
import { ConfigError, loadConfig } from "../src/config.ts";
import { openSqliteStore } from "../src/store/sqlite/store.ts";
import type { Store } from "../src/store/store.ts";

/** Makes a folder that goes away with the test. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "agent-server-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Opens a store that is closed with the test. */
export function temporaryStore(folder: string = temporaryFolder()): Store {
  const store = openSqliteStore(folder);
  onTestFinished(() => store.close());
  return store;
}

/** Lists what is wrong with an environment. */
export function problemsOf(env: Record<string, string>): readonly string[] {
  try {
    loadConfig(env);
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
  return [];
}

/** Builds the app with a store of its own and the echo agent, unless told otherwise. */
export async function testApp(
  dependencies: Partial<Dependencies> = {},
  environment: Readonly<Record<string, string>> = {},
): Promise<FastifyInstance> {
  const store = dependencies.store ?? temporaryStore();
  const app = await buildApp(
    loadConfig({ LOG_LEVEL: dependencies.logStream ? "info" : "silent", ...environment }),
    {
      agents: [createEchoAgent({ wordDelayMs: 0 })],
      ...dependencies,
      store,
    },
  );
  onTestFinished(() => app.close());
  return app;
}

/** Builds the app and lets it listen; returns its origin. */
export async function testServer(
  dependencies: Partial<Dependencies> = {},
  environment: Readonly<Record<string, string>> = {},
): Promise<string> {
  return listen(await testApp(dependencies, environment));
}

/** Makes an agent from a function. */
export function scriptedAgent(run: Agent["run"]): Agent {
  return {
    id: "scripted",
    name: "Scripted",
    description: "Does what a test says.",
    model: { id: "script-1", name: "Script", provider: "test" },
    quickPrompts: [],
    run,
  };
}

/** An agent that says one word, then waits for the test; what its signal does is recorded. */
export function waitingAgent(): {
  agent: Agent;
  release: Deferred<void>;
  happened: Recorder<"started" | "aborted">;
} {
  const release = createDeferred();
  const happened = createRecorder<"started" | "aborted">();
  const agent = scriptedAgent(async function* (
    _input: AgentInput,
    signal: AbortSignal,
  ): AsyncGenerator<AgentEvent> {
    happened.record("started");
    signal.addEventListener("abort", () => happened.record("aborted"));
    yield { type: "content", text: "first " };
    yield { type: "usage", usage: { inputTokens: 3, outputTokens: 2 } };
    await release.promise;
    yield { type: "content", text: "second" };
  });
  return { agent, release, happened };
}

export interface EventData {
  readonly event: string;
  readonly event_index: number;
  readonly run_id: string;
  readonly session_id: string;
  readonly [field: string]: unknown;
}

/** Reads a whole event stream the way a client does; comments are returned apart. */
export function parseEvents(text: string): { events: EventData[]; comments: string[] } {
  const events: EventData[] = [];
  const comments: string[] = [];
  const parser = createParser({
    onEvent: (message: EventSourceMessage) => {
      const data = JSON.parse(message.data) as EventData;
      if (message.event !== data.event) throw new Error(`${message.event} says ${data.event}`);
      events.push(data);
    },
    onComment: (comment) => comments.push(comment),
    onError: (error) => {
      throw error;
    },
  });
  parser.feed(text);
  return { events, comments };
}

/** The last event of a list; a list without one is a failure. */
export function lastOf(events: readonly EventData[]): EventData {
  const last = events.at(-1);
  if (last === undefined) throw new Error("There are no events");
  return last;
}

/** Joins what a run said. */
export function contentOf(events: readonly EventData[]): string {
  return events
    .filter(({ event }) => event === "RunContent")
    .map(({ content }) => content)
    .join("");
}

/** Reads the JSON of a response, of which the test knows the fields it looks at. */
export async function jsonOf<T extends object = Readonly<Record<string, unknown>>>(
  response: Response,
): Promise<T> {
  return (await response.json()) as T;
}

/** Posts a form (urlencoded) and returns the response. */
export function postForm(url: string, fields: Readonly<Record<string, string>>): Promise<Response> {
  return fetch(url, { method: "POST", body: new URLSearchParams(fields) });
}

/** Encodes a form for `openExchange`. */
export function formRequest(
  path: string,
  fields: Readonly<Record<string, string>>,
): { path: string; headers: Record<string, string>; body: string } {
  return {
    path,
    headers: { "content-type": "application/x-www-form-urlencoded" },
    body: new URLSearchParams(fields).toString(),
  };
}

/** Waits until a run has ended, by following it to its end. */
export async function untilEnded(origin: string, agentId: string, runId: string): Promise<void> {
  const response = await postForm(`${origin}/agents/${agentId}/runs/${runId}/resume`, {});
  await response.text();
}
