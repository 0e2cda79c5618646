import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { generateKey } from "@enfilade/api-key";
import { createSigner } from "@enfilade/jwt";
import type { FastifyInstance, InjectOptions } from "fastify";
import { expect, test } from "vitest";
import type { AgentInput } from "../src/agents/agent.ts";
import { scriptedAgent, temporaryFolder, testApp } from "./support.ts";

const secret = "a secret that is longer than thirty-two bytes";
const sign = createSigner({ key: secret });
const scope = "agents:run sessions:read sessions:write sessions:delete metrics:read";

/** Makes a caller with a token of these claims. */
function callerWith(claims: Readonly<Record<string, unknown>>) {
  const authorization = `Bearer ${sign({ scope, ...claims })}`;
  return async (app: FastifyInstance, method: string, url: string, payload?: object) => {
    const options: InjectOptions = { method: method as "GET", url, headers: { authorization } };
    const response = await app.inject({ ...options, ...(payload && { payload }) });
    return {
      status: response.statusCode,
      body: response.body === "" ? undefined : response.json(),
    };
  };
}

const ann = callerWith({ sub: "ann" });
const bob = callerWith({ sub: "bob" });
const admin = callerWith({ sub: "root", scope: "agent_os:admin" });
const env = { JWT_VERIFICATION_KEY: secret };
const runs = "/agents/echo/runs";

async function appWithRunOfAnn(): Promise<{ app: FastifyInstance; runId: string }> {
  const app = await testApp({}, env);
  const payload = { message: "mine", session_id: "s1", user_id: "bob", stream: false };
  const { status, body } = await ann(app, "POST", runs, payload);
  expect(status).toBe(200);
  // Who the token says, and not who the form says.
  expect(body.user_id).toBe("ann");
  return { app, runId: body.run_id };
}

test("nobody sees or touches a session or a run of somebody else, under whatever name", async () => {
  const { app, runId } = await appWithRunOfAnn();
  const requests: [string, string, object?][] = [
    ["GET", "/sessions/s1"],
    ["GET", "/sessions/s1/runs"],
    ["PATCH", "/sessions/s1", { session_name: "bob's" }],
    ["POST", "/sessions/s1/rename", { session_name: "bob's" }],
    ["DELETE", "/sessions/s1"],
    ["POST", runs, { message: "x", session_id: "s1", stream: false }],
    ["GET", `${runs}/${runId}`],
    ["POST", `${runs}/${runId}/cancel`],
    ["POST", `${runs}/${runId}/continue`],
    ["POST", `${runs}/${runId}/resume`],
  ];
  for (const [method, url, payload] of requests) {
    for (const query of ["", "?user_id=ann"]) {
      const body = { ...payload, ...(query && method !== "GET" && { user_id: "ann" }) };
      const { status } = await bob(app, method, url + query, method === "GET" ? undefined : body);
      expect(status, `${method} ${url}${query}`).toBe(404);
    }
  }
  for (const query of ["", "?user_id=ann"]) {
    expect((await bob(app, "GET", `/sessions${query}`)).body.data).toEqual([]);
    expect((await bob(app, "GET", `/metrics${query}`)).body.metrics).toEqual([]);
  }
  expect((await ann(app, "GET", "/sessions")).body.data).toMatchObject([{ session_name: "mine" }]);
  expect((await ann(app, "GET", "/sessions/s1/runs")).body).toHaveLength(1);
  expect((await ann(app, "GET", "/metrics")).body.metrics).toHaveLength(1);
});

test("an admin sees everybody's, or those of one user, and may act for one", async () => {
  const { app, runId } = await appWithRunOfAnn();
  expect((await admin(app, "GET", "/sessions")).body.data).toHaveLength(1);
  expect((await admin(app, "GET", "/sessions?user_id=ann")).body.data).toHaveLength(1);
  expect((await admin(app, "GET", "/sessions?user_id=bob")).body.data).toEqual([]);
  expect((await admin(app, "GET", `${runs}/${runId}`)).status).toBe(200);

  const message = { message: "x", stream: false };
  const own = await admin(app, "POST", runs, message);
  expect(own.body.user_id).toBe("root");
  const forBob = await admin(app, "POST", runs, { ...message, user_id: "bob" });
  expect(forBob.body.user_id).toBe("bob");
  expect((await bob(app, "GET", "/sessions")).body.data).toHaveLength(1);
});

test("what a token says of session, state and dependencies goes before what the form says", async () => {
  const seen: AgentInput[] = [];
  const agent = scriptedAgent(async function* (input) {
    seen.push(input);
    yield { type: "content", text: "done" };
  });
  const app = await testApp({ agents: [agent] }, env);
  const bound = callerWith({
    sub: "ann",
    session_id: "of-the-token",
    session_state: { plan: "free" },
    dependencies: { tenant: "a" },
  });
  const { body } = await bound(app, "POST", "/agents/scripted/runs", {
    message: "x",
    stream: false,
    session_id: "of-the-form",
    session_state: { plan: "gold" },
    dependencies: { tenant: "b", admin: true },
  });
  expect(body.session_id).toBe("of-the-token");
  expect(seen[0]).toMatchObject({ sessionState: { plan: "free" } });
  expect(seen[0]?.dependencies).toEqual({ tenant: "a" });

  const patch = { session_state: { plan: "gold" } };
  const patched = await bound(app, "PATCH", "/sessions/of-the-token", patch);
  expect(patched.body.session_state).toEqual({ plan: "free" });
});

test("a token that is bound to a session knows none of the user's others", async () => {
  const app = await testApp({}, env);
  const message = { message: "x", stream: false };
  const other = (await ann(app, "POST", runs, { ...message, session_id: "other" })).body.run_id;
  const bound = callerWith({ sub: "ann", session_id: "bound" });
  await bound(app, "POST", runs, message);

  expect((await bound(app, "GET", "/sessions")).body).toMatchObject({
    data: [{ session_id: "bound" }],
    meta: { total_count: 1 },
  });
  expect((await bound(app, "GET", "/sessions/bound/runs")).body).toHaveLength(1);
  const [day] = (await bound(app, "GET", "/metrics")).body.metrics;
  expect(day).toMatchObject({ agent_runs_count: 1, agent_sessions_count: 1 });
  for (const [method, url] of [
    ["GET", "/sessions/other"],
    ["GET", "/sessions/other/runs"],
    ["DELETE", "/sessions/other"],
    ["GET", `${runs}/${other}`],
    ["GET", `${runs}/${other}?session_id=other`],
  ] as const) {
    expect((await bound(app, method, url)).status, url).toBe(404);
  }
  expect((await ann(app, "GET", "/sessions")).body.data).toHaveLength(2);
});

test("a run that is continued is given what the token says that continues it", async () => {
  const seen: unknown[] = [];
  const agent = scriptedAgent(async function* ({ dependencies, sessionState }) {
    seen.push({ dependencies, sessionState });
    yield { type: "content", text: "so far" };
    if (seen.length === 1) throw new Error("it failed");
  });
  const app = await testApp({ agents: [agent] }, env);
  const first = callerWith({ sub: "ann", dependencies: { tenant: "a" } });
  const session_state = { plan: "free" };
  const second = callerWith({ sub: "ann", dependencies: { tenant: "b" }, session_state });
  const url = "/agents/scripted/runs";
  const message = { message: "x", session_state: { plan: "gold", page: 2 }, stream: false };
  const failed = await first(app, "POST", url, message);
  expect(failed.status).toBe(500);
  const path = `${url}/${failed.body.run_id}/continue`;
  expect((await second(app, "POST", path, { stream: false })).status).toBe(200);
  expect(seen).toEqual([
    { dependencies: { tenant: "a" }, sessionState: { plan: "gold", page: 2 } },
    { dependencies: { tenant: "b" }, sessionState: { plan: "free", page: 2 } },
  ]);
});

test("an API key without an owner is a user of its own, and no admin", async () => {
  const [ci, owned] = [generateKey(), generateKey()];
  const file = join(temporaryFolder(), "keys.json");
  const scopes = scope.split(" ");
  const records = [
    { id: "ci", hash: ci.hash, scopes },
    { id: "anns", hash: owned.hash, scopes, owner: "ann" },
  ];
  writeFileSync(file, JSON.stringify({ keys: records }));
  const app = await testApp({}, { ...env, API_KEYS_FILE: file });
  await ann(app, "POST", runs, { message: "ann's", stream: false });

  const sessionsWith = async (key: string) =>
    (await app.inject({ url: "/sessions", headers: { "x-api-key": key } })).json().data;
  expect(await sessionsWith(ci.key)).toEqual([]);
  expect(await sessionsWith(owned.key)).toHaveLength(1);
  const run = await app.inject({
    method: "POST",
    url: runs,
    headers: { "x-api-key": ci.key },
    payload: { message: "x", user_id: "ann", stream: false },
  });
  expect(run.json().user_id).toBe("api-key:ci");
  expect(await sessionsWith(ci.key)).toHaveLength(1);
});

test("a user who is called like a key without an owner is somebody else", async () => {
  const { key, hash } = generateKey();
  const file = join(temporaryFolder(), "keys.json");
  writeFileSync(file, JSON.stringify({ keys: [{ id: "ci", hash, scopes: scope.split(" ") }] }));
  const app = await testApp({}, { ...env, API_KEYS_FILE: file });
  const payload = { message: "of the key", stream: false };
  await app.inject({ method: "POST", url: runs, headers: { "x-api-key": key }, payload });
  const names = ["api-key:ci", "~api-key:ci"];
  for (const sub of names) {
    const caller = callerWith({ sub });
    expect((await caller(app, "GET", "/sessions")).body.data).toEqual([]);
    await caller(app, "POST", runs, { message: sub, stream: false });
    expect((await caller(app, "GET", "/sessions")).body.data).toMatchObject([
      { session_name: sub },
    ]);
  }
});
