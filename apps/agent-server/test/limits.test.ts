import { createSigner } from "@enfilade/jwt";
import { createDeferred, createRecorder, listen, openExchange } from "@enfilade/testing";
import type { FastifyInstance } from "fastify";
import { expect, test } from "vitest";
import { AgentFailure } from "../src/agents/agent.ts";
import {
  formRequest,
  jsonOf,
  lastOf,
  parseEvents,
  postForm,
  scriptedAgent,
  testApp,
  testServer,
  untilEnded,
} from "./support.ts";

const secret = "a secret that is longer than thirty-two bytes";
const sign = createSigner({ key: secret });
const bearer = (sub: string) => ({
  authorization: `Bearer ${sign({ sub, scope: "agents:run sessions:read" })}`,
});
const page = { origin: "https://ui.example" };

/** An agent whose runs last until the test lets each of them go on. */
function heldAgent() {
  const started = createRecorder<() => void>();
  const agent = scriptedAgent(async function* (_input, signal) {
    const release = createDeferred();
    started.record(() => release.resolve());
    signal.addEventListener("abort", () => release.resolve());
    yield { type: "content", text: "first " };
    await release.promise;
    yield { type: "content", text: "second" };
  });
  return { agent, started };
}

const runs = "/agents/scripted/runs";
const background = { message: "x", background: true, stream: false };

/** Starts a run in the background; returns the status. */
async function begin(app: FastifyInstance, headers: Record<string, string> = {}): Promise<number> {
  const response = await app.inject({ method: "POST", url: runs, headers, payload: background });
  return response.statusCode;
}

test("a page may load, and preflights and probes are free; then the address has to wait", async () => {
  const app = await testApp({}, { RATE_LIMIT_PER_MINUTE: "8", CORS_ORIGINS: page.origin });
  const preflight = { ...page, "access-control-request-method": "GET" };
  for (let n = 0; n < 8; n += 1) {
    const answers = await Promise.all([
      app.inject({ url: "/agents", headers: page }),
      app.inject({ method: "OPTIONS", url: "/agents", headers: preflight }),
      app.inject("/health"),
    ]);
    expect(answers.map(({ statusCode }) => statusCode)).toEqual([200, 204, 200]);
  }
  const refused = await app.inject({ url: "/agents", headers: page });
  expect(refused.statusCode).toBe(429);
  expect(refused.headers["access-control-allow-origin"]).toBe(page.origin);
  expect(Number(refused.headers["retry-after"])).toBeGreaterThan(0);
  expect(refused.json()).toMatchObject({ detail: expect.any(String), code: "RATE_LIMIT_EXCEEDED" });
  // A path that does not exist is counted too.
  expect((await app.inject("/nowhere")).statusCode).toBe(429);
  expect((await app.inject("/health")).statusCode).toBe(200);
});

test("an address is what the connection says, or a proxy that is trusted", async () => {
  const statusesFor = async (environment: Readonly<Record<string, string>>) => {
    const app = await testApp({}, { RATE_LIMIT_PER_MINUTE: "1", ...environment });
    const statusOf = async (forwarded: string) => {
      const headers = { "x-forwarded-for": forwarded };
      return (await app.inject({ url: "/agents", headers })).statusCode;
    };
    return [await statusOf("192.0.2.1"), await statusOf("192.0.2.2"), await statusOf("192.0.2.1")];
  };
  expect(await statusesFor({})).toEqual([200, 429, 429]);
  expect(await statusesFor({ TRUST_PROXY: "10.0.0.0/8" })).toEqual([200, 429, 429]);
  expect(await statusesFor({ TRUST_PROXY: "loopback" })).toEqual([200, 200, 429]);
});

test("0 is no limit", async () => {
  const app = await testApp({}, { RATE_LIMIT_PER_MINUTE: "0", MAX_CONCURRENT_RUNS: "0" });
  await app.ready();
  const { doors } = app.order.explain("POST", runs);
  expect(doors.map(({ layer }) => layer)).not.toContain("rate-limit");
  expect(doors.map(({ layer }) => layer)).not.toContain("quota");
});

test.each([
  ["", {}],
  [", where requests are not limited too", { RATE_LIMIT_PER_MINUTE: "0" }],
])("who guesses keys has to wait, and who has one does not%s", async (_where, environment) => {
  const key = "0123456789abcdef0123456789abcdef";
  const app = await testApp({}, { OS_SECURITY_KEY: key, ...environment });
  const statusWith = async (token: string) => {
    const headers = { authorization: `Bearer ${token}` };
    return (await app.inject({ url: "/agents", headers })).statusCode;
  };
  const statuses = [];
  for (let n = 0; n < 25; n += 1) statuses.push(await statusWith(`guess-number-${n}-of-many`));
  expect(statuses).toEqual([...Array(20).fill(401), ...Array(5).fill(429)]);
  expect(await statusWith(key)).toBe(200);
});

test("a fourth run of one user at a time is refused, readably; other users have theirs", async () => {
  const { agent, started } = heldAgent();
  const origin = await testServer(
    { agents: [agent] },
    { JWT_VERIFICATION_KEY: secret, MAX_CONCURRENT_RUNS: "3", CORS_ORIGINS: page.origin },
  );
  const ask = (user: string) =>
    fetch(origin + runs, {
      method: "POST",
      headers: { ...bearer(user), ...page },
      body: new URLSearchParams({ message: "x" }),
    });
  const streams = await Promise.all([ask("ann"), ask("ann"), ask("ann")]);
  expect(streams.map(({ status }) => status)).toEqual([200, 200, 200]);

  const fourth = await ask("ann");
  expect(fourth.status).toBe(429);
  expect(fourth.headers.get("access-control-allow-origin")).toBe(page.origin);
  expect(fourth.headers.get("access-control-expose-headers")).toContain("Retry-After");
  expect(Number(fourth.headers.get("retry-after"))).toBeGreaterThan(0);
  expect(await jsonOf(fourth)).toMatchObject({
    detail: expect.any(String),
    code: "QUOTA_EXCEEDED",
    request_id: fourth.headers.get("x-request-id"),
  });
  const others = await ask("bob");
  expect(others.status).toBe(200);

  const [first] = await started.until((all) => all.length === 4);
  first?.();
  const { events } = parseEvents(await streams[0].text());
  expect(lastOf(events).event).toBe("RunCompleted");
  // Whoever has seen the end of a run may begin the next one.
  expect((await ask("ann")).status).toBe(200);
});

test("a run in the background keeps its place until it ends", async () => {
  const { agent, started } = heldAgent();
  const app = await testApp({ agents: [agent] }, { MAX_CONCURRENT_RUNS: "1" });
  const origin = await listen(app);
  const { run_id } = await jsonOf<{ run_id: string }>(
    await postForm(origin + runs, { message: "x", background: "1", stream: "0" }),
  );
  expect((await postForm(origin + runs, { message: "x" })).status).toBe(429);
  // Reading along takes no place.
  const reader = await postForm(`${origin}${runs}/${run_id}/resume`, {});
  expect(reader.status).toBe(200);
  started.items[0]?.();
  await reader.text();
  expect((await postForm(origin + runs, { message: "x" })).status).toBe(200);
});

test("a run whose client goes away gives its place back, and takes one again when it is continued", async () => {
  const { agent, started } = heldAgent();
  const origin = await testServer({ agents: [agent] }, { MAX_CONCURRENT_RUNS: "1" });
  const exchange = await openExchange(origin, formRequest(runs, { message: "x" }));
  const { events } = parseEvents(await exchange.bodyUntil("first "));
  const runId = String(events[0]?.run_id);
  exchange.destroy();
  await untilEnded(origin, "scripted", runId);

  const continued = await postForm(`${origin}${runs}/${runId}/continue`, {});
  expect(continued.status).toBe(200);
  expect((await postForm(origin + runs, { message: "x" })).status).toBe(429);
  const [, again] = await started.until((all) => all.length === 2);
  again?.();
  await continued.text();
  // One that cannot be continued costs nothing.
  for (let n = 0; n < 3; n += 1) {
    expect((await postForm(`${origin}${runs}/${runId}/continue`, {})).status).toBe(409);
  }
  expect((await postForm(origin + runs, { message: "x" })).status).toBe(200);
});

test("a request that begins no run takes no place and no tokens", async () => {
  const { agent } = heldAgent();
  const env = { MAX_CONCURRENT_RUNS: "1", TOKENS_PER_MINUTE: "600" };
  const app = await testApp({ agents: [agent] }, env);
  for (const [url, payload] of [
    [runs, {}],
    [runs, { message: "x", session_state: "no object" }],
    [runs, "{"],
    ["/agents/nobody/runs", { message: "x" }],
    [`${runs}/nothing/continue`, {}],
  ] as const) {
    const headers = { "content-type": "application/json" };
    const { statusCode } = await app.inject({ method: "POST", url, headers, payload });
    expect([400, 404, 422]).toContain(statusCode);
  }
  expect(await usedOf(app, "tokens-per-minute")).toBe(0);
  expect(await begin(app)).toBe(202);
});

/** How much a caller on this machine has used of a policy. */
async function usedOf(app: FastifyInstance, policy: string): Promise<number | undefined> {
  const usage = await app.quota.usage({ address: "127.0.0.1" });
  return usage.find((one) => one.policy === policy)?.used;
}

test("tokens are reserved by an estimate, and charged as they were used", async () => {
  const { agent, started } = heldAgent();
  const counting = {
    ...agent,
    async *run(...args: Parameters<typeof agent.run>) {
      yield* agent.run(...args);
      yield { type: "usage", usage: { inputTokens: 40, outputTokens: 2 } } as const;
    },
  };
  const app = await testApp(
    { agents: [counting] },
    { TOKENS_PER_MINUTE: "2000", TOKENS_PER_DAY: "9000" },
  );
  const origin = await listen(app);
  const response = await postForm(origin + runs, { message: "one two three" });
  expect(await usedOf(app, "tokens-per-minute")).toBe(4 + 512);
  started.items[0]?.();
  const { events } = parseEvents(await response.text());
  // The headers went out before that was known; the last event tells.
  expect(lastOf(events)).toMatchObject({
    metrics: { total_tokens: 42 },
    quota: [
      { policy: "tokens-per-minute", limit: 2000, remaining: 2000 - 42 },
      { policy: "tokens-per-day", limit: 9000, remaining: 9000 - 42 },
    ],
  });
  expect(await usedOf(app, "tokens-per-minute")).toBe(42);
  expect(await usedOf(app, "tokens-per-day")).toBe(42);
});

test("a run that fails, and one that was cut off, are charged what they have used until then", async () => {
  let fail = false;
  const agent = scriptedAgent(async function* (_input, signal) {
    yield { type: "usage", usage: { inputTokens: 10, outputTokens: 5 } };
    yield { type: "content", text: "so far" };
    if (fail) throw new AgentFailure("provider_error", "The provider has failed");
    await new Promise((resolve) => signal.addEventListener("abort", resolve));
  });
  const app = await testApp({ agents: [agent] }, { TOKENS_PER_MINUTE: "5000" });
  const origin = await listen(app);
  const exchange = await openExchange(origin, formRequest(runs, { message: "x" }));
  const { events } = parseEvents(await exchange.bodyUntil("so far"));
  exchange.reset();
  await untilEnded(origin, "scripted", String(events[0]?.run_id));
  expect(await usedOf(app, "tokens-per-minute")).toBe(15);
  fail = true;
  await (await postForm(origin + runs, { message: "x" })).text();
  expect(await usedOf(app, "tokens-per-minute")).toBe(30);
});

test.each([Number.NaN, 1.5, -1, 2 ** 60, undefined])(
  "a run whose agent reports %s tokens fails, and gives its place back",
  async (inputTokens) => {
    const agent = scriptedAgent(async function* () {
      yield { type: "usage", usage: { inputTokens: 10, outputTokens: 5 } };
      yield { type: "content", text: "so far" };
      yield { type: "usage", usage: { inputTokens: inputTokens as number, outputTokens: 5 } };
    });
    const app = await testApp(
      { agents: [agent] },
      { MAX_CONCURRENT_RUNS: "1", TOKENS_PER_MINUTE: "5000" },
    );
    const payload = { message: "x", stream: false };
    for (let n = 1; n <= 2; n += 1) {
      const response = await app.inject({ method: "POST", url: runs, payload });
      expect(response.statusCode).toBe(500);
      expect(response.json()).toMatchObject({ code: "RUN_FAILED", error_type: "agent_error" });
      expect(await usedOf(app, "tokens-per-minute")).toBe(15 * n);
    }
  },
);

test("who has used up their tokens is told when there are more", async () => {
  const app = await testApp({}, { TOKENS_PER_MINUTE: "100" });
  const ask = (words: number) =>
    app.inject({
      method: "POST",
      url: "/agents/echo/runs",
      payload: { message: "word ".repeat(words), stream: false },
    });
  expect((await ask(49)).statusCode).toBe(200);
  const refused = await ask(49);
  expect(refused.statusCode).toBe(429);
  expect(Number(refused.headers["retry-after"])).toBeGreaterThan(0);
  expect(refused.headers.ratelimit).toContain('"tokens-per-minute"');
  // A message that would not fit into an empty minute either: no waiting helps.
  const never = await ask(101);
  expect(never.statusCode).toBe(413);
  expect(never.headers["retry-after"]).toBeUndefined();
  expect(never.headers["x-should-retry"]).toBe("false");
});

test("a run that uses up what is left is stopped, and says so", async () => {
  const agent = scriptedAgent(async function* (_input, signal) {
    for (let outputTokens = 0; !signal.aborted; outputTokens += 100) {
      yield { type: "usage", usage: { inputTokens: 0, outputTokens } };
      yield { type: "content", text: "more " };
      await new Promise((resolve) => setImmediate(resolve));
    }
  });
  const app = await testApp({ agents: [agent] }, { TOKENS_PER_MINUTE: "1000" });
  const response = await app.inject({ method: "POST", url: runs, payload: { message: "x" } });
  const last = lastOf(parseEvents(response.body).events);
  expect(last).toMatchObject({ event: "RunError", error_type: "quota_exhausted" });
  expect(last.content).toEqual(expect.any(String));
});

test("operators see what callers use, and may reset it; others may not", async () => {
  const env = { JWT_VERIFICATION_KEY: secret, TOKENS_PER_DAY: "1000" };
  const app = await testApp({}, env);
  const payload = { message: "one two three", stream: false };
  const run = {
    method: "POST",
    url: "/agents/echo/runs",
    headers: bearer("ann"),
    payload,
  } as const;
  expect((await app.inject(run)).statusCode).toBe(200);

  const url = "/quotas?principal=jwt:ann";
  expect((await app.inject({ url, headers: bearer("ann") })).statusCode).toBe(403);
  const operator = {
    authorization: `Bearer ${sign({ sub: "op", scope: "quota:read quota:write" })}`,
  };
  const seen = async () => {
    const { policies } = (await app.inject({ url, headers: operator })).json();
    return policies.find(({ policy }: { policy: string }) => policy === "tokens-per-day").used;
  };
  expect(await seen()).toBe(8);
  expect((await app.inject({ method: "DELETE", url, headers: operator })).statusCode).toBe(200);
  expect(await seen()).toBe(0);
});

test("where nobody is authenticated nobody sees what others use", async () => {
  const app = await testApp({}, { TOKENS_PER_DAY: "1000" });
  expect((await app.inject("/quotas?address=127.0.0.1")).statusCode).toBe(404);
});
