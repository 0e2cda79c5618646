import { expect, test } from "vitest";
import { jsonOf, testApp, testServer } from "./support.ts";

/** Sends a multipart form the way browsers and `curl -F` do. */
async function postMultipart(origin: string, form: FormData, query = ""): Promise<Response> {
  return fetch(`${origin}/agents/echo/runs${query}`, { method: "POST", body: form });
}

function form(fields: Readonly<Record<string, string>>): FormData {
  const data = new FormData();
  for (const [name, value] of Object.entries(fields)) data.append(name, value);
  return data;
}

const complete = { message: "Grüße & more", stream: "false", session_id: "", user_id: "u1" };

test("a run is started by a multipart form", async () => {
  const origin = await testServer();
  const run = await jsonOf<{ session_id: string }>(await postMultipart(origin, form(complete)));
  expect(run).toMatchObject({ content: "Grüße & more", user_id: "u1", status: "COMPLETED" });
  expect(run.session_id).toMatch(/^[0-9a-f-]{36}$/);
});

test("a run is started by an urlencoded form", async () => {
  const app = await testApp();
  const response = await app.inject({
    method: "POST",
    url: "/agents/echo/runs",
    headers: { "content-type": "application/x-www-form-urlencoded" },
    payload: new URLSearchParams(complete).toString(),
  });
  expect(response.json()).toMatchObject({ content: "Grüße & more", user_id: "u1" });
});

test("a run is started by JSON, with values of their own types", async () => {
  const app = await testApp();
  const payload = { message: "Grüße & more", stream: false, session_state: { a: 1 } };
  const response = await app.inject({ method: "POST", url: "/agents/echo/runs", payload });
  expect(response.json()).toMatchObject({ content: "Grüße & more", status: "COMPLETED" });
  const { session_id } = response.json();
  const session = (await app.inject(`/sessions/${session_id}`)).json();
  expect(session.session_state).toEqual({ a: 1 });
});

test("files come with a form, under either name, and are listed with the run", async () => {
  const origin = await testServer();
  const data = form(complete);
  data.append("files", new Blob(["hello"], { type: "text/plain" }), "a.txt");
  data.append("files[]", new Blob([new Uint8Array(2048)], { type: "image/png" }), "b.png");
  const run = await jsonOf(await postMultipart(origin, data));
  expect(run.files).toEqual([
    { filename: "a.txt", mime_type: "text/plain", size: 5 },
    { filename: "b.png", mime_type: "image/png", size: 2048 },
  ]);
  expect(run.content).toContain("- a.txt (text/plain, 5 bytes)");
});

test.each([
  ["no message", {}, /^message: is required/],
  ["an empty message", { message: "" }, /^message: must not be empty$/],
  ["a long message", { message: "x".repeat(100_001) }, /^message: must be at most 100000 char/],
  ["an odd flag", { message: "x", stream: "perhaps" }, /^stream: must be true or false$/],
  ["an odd id", { message: "x", session_id: "a b" }, /^session_id: must be printable ASCII/],
  ["a list", { message: "x", session_state: "[1]" }, /^session_state: must be a JSON object$/],
  ["two errors", { message: "x", metadata: "{", dependencies: "1" }, /^dependenc.*; metadata: /],
])("a form with %s is refused with a reason", async (_what, fields, detail) => {
  const origin = await testServer();
  const response = await postMultipart(origin, form(fields as Record<string, string>));
  expect(response.status).toBe(422);
  expect((await jsonOf(response)).detail).toMatch(detail);
});

test.each(["true", "TRUE", "1", "on", "yes"])("stream=%s streams", async (stream) => {
  const origin = await testServer();
  const response = await postMultipart(origin, form({ message: "x", stream }));
  expect(response.headers.get("content-type")).toBe("text/event-stream");
  await response.text();
});

test("a run streams unless told otherwise", async () => {
  const origin = await testServer();
  const response = await postMultipart(origin, form({ message: "x" }));
  expect(response.headers.get("content-type")).toBe("text/event-stream");
  await response.text();
});

test.each([
  ["a file over 5 MiB", { size: 5 * 1_048_576 + 1, files: 1 }, 413],
  ["a fifth file", { size: 10, files: 5 }, 413],
])("%s is refused, and the server goes on", async (_what, { size, files }, status) => {
  const origin = await testServer();
  const data = form(complete);
  for (let n = 0; n < files; n += 1) data.append("files", new Blob([new Uint8Array(size)]), `${n}`);
  const response = await postMultipart(origin, data);
  expect(response.status).toBe(status);
  expect((await jsonOf(response)).detail).toEqual(expect.any(String));
  expect((await fetch(`${origin}/health`)).status).toBe(200);
});

test("a field over its limit is refused, not cut", async () => {
  const origin = await testServer();
  const metadata = JSON.stringify({ text: "x".repeat(1_048_576) });
  const response = await postMultipart(origin, form({ ...complete, metadata }));
  expect(response.status).toBe(413);
  expect((await jsonOf(response)).detail).toBe("The field metadata is over 1048576 bytes");
});

test.each([
  [400, "broken JSON", "application/json", "{"],
  [400, "a JSON list", "application/json", "[]"],
  [413, "JSON that is too long", "application/json", `{"message":"${"x".repeat(1_048_576)}"}`],
  [413, "a form that is too long", "application/x-www-form-urlencoded", "x".repeat(1_048_577)],
  [415, "another type", "text/csv", "a,b"],
  [400, "a form without a boundary", "multipart/form-data", "message"],
  [
    400,
    "a form that breaks off",
    "multipart/form-data; boundary=b",
    "--b\r\nContent-Disposition: f",
  ],
])("%i answers a body of %s, with a reason", async (status, _what, type, payload) => {
  const app = await testApp();
  const response = await app.inject({
    method: "POST",
    url: "/agents/echo/runs",
    headers: { "content-type": type },
    payload,
  });
  expect(response.statusCode).toBe(status);
  expect(response.json().detail).toEqual(expect.any(String));
});

test("a body that names a prototype changes nobody's", async () => {
  const app = await testApp();
  const response = await app.inject({
    method: "POST",
    url: "/agents/echo/runs",
    headers: { "content-type": "application/json" },
    payload: '{"message":"x","stream":false,"__proto__":{"polluted":true}}',
  });
  expect(response.statusCode).toBe(400);
  expect(({} as Record<string, unknown>).polluted).toBeUndefined();
});

test("a DELETE that says JSON and has no body is not refused for it", async () => {
  const app = await testApp();
  const headers = { "content-type": "application/json", "content-length": "0" };
  const response = await app.inject({ method: "DELETE", url: "/sessions/none", headers });
  expect(response.json()).toMatchObject({ detail: "Session with ID none not found" });
});

test("an object that is nested too deep to be stored is refused", async () => {
  const app = await testApp();
  const nested = (depth: number) => `${'{"a":'.repeat(depth)}1${"}".repeat(depth)}`;
  const statusOf = async (state: string) => {
    const payload = `{"message":"x","stream":false,"session_state":${state}}`;
    const headers = { "content-type": "application/json" };
    const url = "/agents/echo/runs";
    return (await app.inject({ method: "POST", url, headers, payload })).statusCode;
  };
  expect(await statusOf(nested(64))).toBe(200);
  expect(await statusOf(nested(65))).toBe(422);
  expect(await statusOf(nested(100_000))).toBe(422);
  expect(await statusOf(JSON.stringify(nested(100_000)))).toBe(422);
});
