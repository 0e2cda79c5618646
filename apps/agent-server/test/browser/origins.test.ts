import { expect, test } from "vitest";
import type { AgentEvent } from "../../src/agents/agent.ts";
import { scriptedAgent, temporaryStore, testServer } from "../support.ts";
import { describeInBrowser, fetchIn, hidden, otherSite, pageOrigin } from "./support.ts";

const json = { "content-type": "application/json" };

describeInBrowser("a page of an allowed origin", (visit) => {
  test("reads an answer, and the headers that tell about it", async () => {
    const origin = await pageOrigin();
    const api = await testServer({}, { CORS_ORIGINS: origin });
    const page = await visit(origin);

    const { status, headers, text } = await fetchIn(page, `${api}/agents`);
    expect(status).toBe(200);
    expect(JSON.parse(text)).toMatchObject([{ id: "echo" }]);
    expect(headers["x-request-id"]).toMatch(/^[\w-]{8,}$/);
    expect(headers["x-process-time-ms"]).toMatch(/^\d+(\.\d)?$/);
    expect(headers["server-timing"]).toMatch(/^headers;dur=/);
  });

  test("posts JSON and an Authorization header, after a preflight that it never sees", async () => {
    const origin = await pageOrigin();
    const api = await testServer({}, { CORS_ORIGINS: origin });
    const page = await visit(origin);

    const { status, text } = await fetchIn(page, `${api}/agents/echo/runs`, {
      method: "POST",
      headers: {
        ...json,
        authorization: "Bearer a-key-of-its-own",
        "x-request-id": "from-the-page",
      },
      body: JSON.stringify({ message: "over there", stream: false }),
    });
    expect(status).toBe(200);
    expect(JSON.parse(text)).toMatchObject({ content: "over there", status: "COMPLETED" });
  });

  test("deletes and patches, which no form could do", async () => {
    const origin = await pageOrigin();
    const api = await testServer({}, { CORS_ORIGINS: origin });
    const page = await visit(origin);

    const init = { headers: json, body: JSON.stringify({ session_id: "mine" }) };
    expect((await fetchIn(page, `${api}/sessions`, { method: "POST", ...init })).status).toBe(201);
    const url = `${api}/sessions/mine`;
    const renamed = { headers: json, body: JSON.stringify({ session_name: "Ours" }) };
    expect((await fetchIn(page, url, { method: "PATCH", ...renamed })).status).toBe(200);
    expect((await fetchIn(page, url, { method: "DELETE" })).status).toBe(204);
  });

  test("reads why there is nothing, and which request that was", async () => {
    const origin = await pageOrigin();
    const api = await testServer({}, { CORS_ORIGINS: origin });
    const page = await visit(origin);

    for (const path of ["/agents/nobody", "/nowhere"]) {
      const { status, headers, text } = await fetchIn(page, `${api}${path}`);
      expect(status, path).toBe(404);
      expect(JSON.parse(text)).toMatchObject({
        detail: expect.any(String),
        request_id: headers["x-request-id"],
      });
    }
  });

  test("reads a 500, of an agent that does not stream and of the server itself", async () => {
    const origin = await pageOrigin();
    const store = temporaryStore();
    const agent = scriptedAgent(async function* (): AsyncGenerator<AgentEvent> {
      yield { type: "content", text: "so far " };
      throw new Error("connect ECONNREFUSED 10.0.0.7:5432");
    });
    const broken = { ...store.sessions, list: () => Promise.reject(new Error("no such table")) };
    const dependencies = { agents: [agent], store: { ...store, sessions: broken } };
    const api = await testServer(dependencies, { CORS_ORIGINS: origin });
    const page = await visit(origin);

    const run = await fetchIn(page, `${api}/agents/scripted/runs`, {
      method: "POST",
      body: new URLSearchParams({ message: "x", stream: "false" }).toString(),
      headers: { "content-type": "application/x-www-form-urlencoded" },
    });
    const list = await fetchIn(page, `${api}/sessions?type=agent`);
    for (const { status, headers, text } of [run, list]) {
      expect(status).toBe(500);
      expect(JSON.parse(text).detail).toEqual(expect.any(String));
      expect(text).not.toMatch(/ECONNREFUSED|table/);
      expect(headers["x-request-id"]).toMatch(/^[\w-]{8,}$/);
    }
  });
});

describeInBrowser("a page of any other origin", (visit) => {
  test("reads nothing, whatever the answer is", async () => {
    const [allowed, other] = [await pageOrigin(), await pageOrigin()];
    const api = await testServer({}, { CORS_ORIGINS: allowed });
    const page = await visit(other);

    for (const path of ["/agents", "/health", "/nowhere", "/%E0"]) {
      await expect(fetchIn(page, `${api}${path}`), path).rejects.toThrow(hidden);
    }
  });

  test("posts no JSON: its preflight is refused, and no run starts", async () => {
    const [allowed, other] = [await pageOrigin(), await pageOrigin()];
    const store = temporaryStore();
    const api = await testServer({ store }, { CORS_ORIGINS: allowed });
    const page = await visit(other);

    const body = JSON.stringify({ message: "x", session_id: "theirs" });
    const run = fetchIn(page, `${api}/agents/echo/runs`, { method: "POST", headers: json, body });
    await expect(run).rejects.toThrow(hidden);
    expect((await fetch(`${api}/sessions/theirs`)).status).toBe(404);
  });

  test("is not helped by a name that leads to the same machine", async () => {
    const origin = await pageOrigin();
    const api = await testServer({}, { CORS_ORIGINS: origin });
    const page = await visit(otherSite(origin));

    await expect(fetchIn(page, `${api}/agents`)).rejects.toThrow(hidden);
  });
});
