import cors from "@enfilade/cors";
import order from "@enfilade/order";
import { createRecorder, listen } from "@enfilade/testing";
import Fastify from "fastify";
import { expect, test } from "vitest";
import type { AgentEvent } from "../../src/agents/agent.ts";
import { contentOf, parseEvents, scriptedAgent, testServer, waitingAgent } from "../support.ts";
import { describeInBrowser, pageOrigin } from "./support.ts";

describeInBrowser("a page that reads a run", (visit) => {
  test("has each word before the agent says the next one", async () => {
    const origin = await pageOrigin();
    const read = createRecorder<string>();
    const words = ["one ", "word ", "after ", "the ", "other"];
    const agent = scriptedAgent(async function* (): AsyncGenerator<AgentEvent> {
      for (const text of words) {
        yield { type: "content", text };
        // Nothing more is said until the page has read this one: a stream that is held back never ends.
        await read.until((pieces) => pieces.join("").includes(`"content":"${text}"`));
      }
    });
    const api = await testServer({ agents: [agent] }, { CORS_ORIGINS: origin });
    const page = await visit(origin);
    await page.exposeFunction("read", read.record);

    const [type, status] = await page.evaluate(async (url) => {
      const body = new URLSearchParams({ message: "speak" });
      const response = await fetch(url, { method: "POST", body });
      const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
      const { read } = globalThis as unknown as { read(piece: string): Promise<void> };
      for (let part = await reader?.read(); part?.value; part = await reader?.read()) {
        await read(part.value);
      }
      return [response.headers.get("content-type"), response.status];
    }, `${api}/agents/scripted/runs`);

    expect([status, type]).toEqual([200, "text/event-stream"]);
    const { events } = parseEvents(read.items.join(""));
    expect(contentOf(events)).toBe("one word after the other");
    expect(events.at(-1)).toMatchObject({ event: "RunCompleted", content: words.join("") });
  });

  test("stops the agent when its reader presses stop", async () => {
    const origin = await pageOrigin();
    const { agent, happened } = waitingAgent();
    const api = await testServer({ agents: [agent] }, { CORS_ORIGINS: origin });
    const page = await visit(origin);

    const name = await page.evaluate(async (url) => {
      const stop = new AbortController();
      const body = new URLSearchParams({ message: "speak" });
      const response = await fetch(url, { method: "POST", body, signal: stop.signal });
      await response.body?.getReader().read();
      stop.abort();
      return await response.text().catch((error: Error) => error.name);
    }, `${api}/agents/scripted/runs`);

    expect(name).toMatch(/Error$/);
    await happened.find((what) => what === "aborted");
  });

  test("stops the agent when its tab is closed", async () => {
    const origin = await pageOrigin();
    const { agent, happened } = waitingAgent();
    const api = await testServer({ agents: [agent] }, { CORS_ORIGINS: origin });
    const page = await visit(origin);

    await page.evaluate(async (url) => {
      const body = new URLSearchParams({ message: "speak" });
      const response = await fetch(url, { method: "POST", body });
      await response.body?.getReader().read();
    }, `${api}/agents/scripted/runs`);
    await page.close();
    await happened.find((what) => what === "aborted");
  });
});

describeInBrowser("an EventSource", (visit) => {
  test("reads what a handler writes by itself, and asks for the rest after what it has", async () => {
    const origin = await pageOrigin();
    const app = Fastify();
    await app.register(order);
    await app.register(cors, { origin });
    app.get("/events", (request, reply) => {
      const next = Number(request.headers["last-event-id"] ?? 0) + 1;
      reply.hijack();
      reply.raw.writeHead(200, { "content-type": "text/event-stream" });
      reply.raw.end(`retry: 1\nid: ${next}\ndata: event ${next}\n\n`);
    });
    const api = await listen(app);
    const page = await visit(origin);

    const heard = await page.evaluate(`new Promise((resolve) => {
      const heard = [];
      const events = new EventSource("${api}/events");
      events.onmessage = ({ data }) => {
        if (heard.push(data) < 3) return;
        events.close();
        resolve(heard);
      };
    })`);
    expect(heard).toEqual(["event 1", "event 2", "event 3"]);
  });
});
