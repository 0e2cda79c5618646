import type { FastifyInstance, InjectOptions } from "fastify";
import { expect, test } from "vitest";
import { openSqliteStore } from "../src/store/sqlite/store.ts";
import {
  jsonOf,
  postForm,
  temporaryFolder,
  testApp,
  testServer,
  untilEnded,
  waitingAgent,
} from "./support.ts";

async function run(
  app: FastifyInstance,
  payload: Readonly<Record<string, unknown>>,
): Promise<{ run_id: string; session_id: string }> {
  const response = await app.inject({
    method: "POST",
    url: "/agents/echo/runs",
    payload: { stream: false, ...payload },
  });
  expect(response.statusCode).toBe(200);
  return response.json();
}

async function call(app: FastifyInstance, options: InjectOptions | string) {
  const response = await app.inject(options);
  return { status: response.statusCode, body: response.body === "" ? "" : response.json() };
}

const at = Date.UTC(2026, 0, 2, 3, 4, 5);
const seconds = at / 1000;

test("a run without a session opens one, named after its message", async () => {
  const app = await testApp({ now: () => at });
  const { session_id } = await run(app, { message: "What is\n a layer?", session_id: "" });
  expect(
    (await call(app, "/sessions?type=agent&component_id=echo&db_id=enfilade-sqlite")).body,
  ).toEqual({
    data: [
      { session_id, session_name: "What is a layer?", created_at: seconds, updated_at: seconds },
    ],
    meta: { page: 1, limit: 20, total_pages: 1, total_count: 1 },
  });
  expect((await call(app, `/sessions/${session_id}`)).body).toEqual({
    session_id,
    session_name: "What is a layer?",
    created_at: seconds,
    updated_at: seconds,
    agent_id: "echo",
    session_state: {},
    metadata: {},
  });
});

test("the runs of a session are listed in their order, with what was asked and answered", async () => {
  const app = await testApp({ now: () => at });
  const first = await run(app, { message: "one", session_id: "s1", user_id: "u1" });
  const second = await run(app, { message: "two", session_id: "s1", user_id: "u1" });
  const common = { session_id: "s1", agent_id: "echo", user_id: "u1", content_type: "str" };
  const metrics = { input_tokens: 1, output_tokens: 1, total_tokens: 2 };
  const ended = { metrics, status: "COMPLETED", created_at: seconds };
  expect((await call(app, "/sessions/s1/runs?type=agent&db_id=enfilade-sqlite")).body).toEqual([
    { ...common, ...ended, run_id: first.run_id, run_input: "one", content: "one" },
    { ...common, ...ended, run_id: second.run_id, run_input: "two", content: "two" },
  ]);
});

test("a session is not found until its first run is stored", async () => {
  const { agent, release } = waitingAgent();
  const origin = await testServer({ agents: [agent] });
  const response = await postForm(`${origin}/agents/scripted/runs`, {
    message: "x",
    background: "true",
    stream: "false",
  });
  const { run_id, session_id } = await jsonOf<{ run_id: string; session_id: string }>(response);
  for (const path of [`/sessions/${session_id}`, `/sessions/${session_id}/runs`]) {
    const early = await fetch(origin + path);
    expect(early.status).toBe(404);
    expect(await early.json()).toMatchObject({ detail: `Session with ID ${session_id} not found` });
  }
  expect(await jsonOf(await fetch(`${origin}/sessions`))).toMatchObject({ data: [] });

  release.resolve();
  await untilEnded(origin, "scripted", run_id);
  expect(await jsonOf(await fetch(`${origin}/sessions/${session_id}/runs`))).toHaveLength(1);
  expect(await jsonOf(await fetch(`${origin}/sessions`))).toMatchObject({ data: [{ session_id }] });
});

test("sessions are listed newest first, page by page, and found by a part of their name", async () => {
  let clock = at;
  const app = await testApp({ now: () => clock });
  for (const message of ["alpha", "beta", "gamma"]) {
    clock += 1_000;
    await run(app, { message, session_id: message });
  }
  const ids = async (query: string) => {
    const { body } = await call(app, `/sessions?${query}`);
    return body.data.map(({ session_id }: { session_id: string }) => session_id);
  };
  expect(await ids("")).toEqual(["gamma", "beta", "alpha"]);
  expect(await ids("limit=2")).toEqual(["gamma", "beta"]);
  expect(await ids("limit=2&page=2")).toEqual(["alpha"]);
  expect(await ids("session_name=BET")).toEqual(["beta"]);
  expect(await ids("component_id=docs")).toEqual([]);
  expect(await ids("type=team")).toEqual([]);
  expect((await call(app, "/sessions?limit=2")).body.meta).toEqual({
    page: 1,
    limit: 2,
    total_pages: 2,
    total_count: 3,
  });
});

test("a session can be created, patched, renamed and deleted", async () => {
  const app = await testApp({ now: () => at });
  const payload = { session_id: "s1", session_name: "Plans", session_state: { step: 1 } };
  const created = await call(app, { method: "POST", url: "/sessions?type=agent", payload });
  const session = {
    session_id: "s1",
    session_name: "Plans",
    created_at: seconds,
    updated_at: seconds,
    agent_id: "echo",
    session_state: { step: 1 },
    metadata: {},
  };
  expect(created).toEqual({ status: 201, body: session });
  expect((await call(app, { method: "POST", url: "/sessions", payload })).status).toBe(409);
  // It is there, but nothing has run in it.
  expect((await call(app, "/sessions/s1")).status).toBe(200);
  expect((await call(app, "/sessions/s1/runs")).status).toBe(404);

  const patched = await call(app, {
    method: "PATCH",
    url: "/sessions/s1",
    payload: { metadata: { tag: "x" } },
  });
  expect(patched).toEqual({ status: 200, body: { ...session, metadata: { tag: "x" } } });
  const renamed = await call(app, {
    method: "POST",
    url: "/sessions/s1/rename",
    payload: { session_name: "Better plans" },
  });
  expect(renamed.body.session_name).toBe("Better plans");

  await run(app, { message: "x", session_id: "s1" });
  expect((await call(app, "/sessions/s1")).body.session_name).toBe("Better plans");
  expect(await call(app, { method: "DELETE", url: "/sessions/s1" })).toEqual({
    status: 204,
    body: "",
  });
  expect((await call(app, "/sessions/s1")).status).toBe(404);
  expect((await call(app, "/sessions/s1/runs")).status).toBe(404);
});

test.each([
  ["GET", "/sessions/none", 404, "Session with ID none not found"],
  ["GET", "/sessions/none/runs", 404, "Session with ID none not found"],
  ["PATCH", "/sessions/none", 404, "Session with ID none not found"],
  ["DELETE", "/sessions/none", 404, "Session with ID none not found"],
  ["GET", "/sessions?db_id=other", 404, "Database with ID other not found"],
  ["GET", "/sessions?type=robot", 422, "type: must be agent, team or workflow"],
  ["GET", "/sessions?limit=0", 422, "limit: must be a whole number from 1 to 100"],
  ["POST", "/sessions/none/rename", 422, "session_name: is required and must be a string"],
] as const)("%s %s is refused with %i", async (method, url, status, detail) => {
  const app = await testApp();
  expect(await call(app, { method, url })).toMatchObject({ status, body: { detail } });
});

test("state that a run brings is merged into that of its session", async () => {
  const app = await testApp();
  await run(app, { message: "x", session_id: "s1", session_state: { a: 1, b: 1 } });
  await run(app, { message: "x", session_id: "s1", session_state: '{"b":2}' });
  expect((await call(app, "/sessions/s1")).body.session_state).toEqual({ a: 1, b: 2 });
});

test("a user sees and uses only sessions of their own", async () => {
  const app = await testApp();
  await run(app, { message: "mine", session_id: "s1", user_id: "u1" });
  for (const request of [
    { method: "GET", url: "/sessions/s1?user_id=u2" },
    { method: "GET", url: "/sessions/s1/runs?user_id=u2" },
    { method: "PATCH", url: "/sessions/s1?user_id=u2", payload: {} },
    { method: "DELETE", url: "/sessions/s1?user_id=u2" },
    {
      method: "POST",
      url: "/agents/echo/runs",
      payload: { message: "x", session_id: "s1", user_id: "u2", stream: false },
    },
  ] as const) {
    expect(await call(app, request)).toMatchObject({
      status: 404,
      body: { detail: "Session with ID s1 not found" },
    });
  }
  expect((await call(app, "/sessions?user_id=u2")).body.data).toEqual([]);
  expect((await call(app, "/sessions?user_id=u1")).body.data).toHaveLength(1);
});

test("a deleted session stops the runs that go on in it", async () => {
  const { agent, happened } = waitingAgent();
  const app = await testApp({ agents: [agent] });
  await app.inject({
    method: "POST",
    url: "/sessions",
    payload: { session_id: "s1", agent_id: "scripted" },
  });
  const payload = { message: "x", session_id: "s1", background: true, stream: false };
  const { run_id } = (
    await app.inject({ method: "POST", url: "/agents/scripted/runs", payload })
  ).json();
  expect((await call(app, { method: "DELETE", url: "/sessions/s1" })).status).toBe(204);
  expect(happened.items).toEqual(["started", "aborted"]);
  expect((await call(app, `/agents/scripted/runs/${run_id}`)).status).toBe(404);
});

test("a restart keeps sessions and their runs", async () => {
  const folder = temporaryFolder();
  const before = openSqliteStore(folder);
  const first = await testApp({ store: before });
  await run(first, { message: "remember", session_id: "s1" });
  const list = (await call(first, "/sessions")).body;
  const runs = (await call(first, "/sessions/s1/runs")).body;
  await first.close();
  await before.close();

  const after = openSqliteStore(folder);
  const second = await testApp({ store: after });
  expect((await call(second, "/sessions")).body).toEqual(list);
  expect((await call(second, "/sessions/s1/runs")).body).toEqual(runs);
  await run(second, { message: "again", session_id: "s1" });
  expect((await call(second, "/sessions/s1/runs")).body).toHaveLength(2);
  await second.close();
  await after.close();
});
