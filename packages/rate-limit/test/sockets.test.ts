import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { request } from "node:http";
import { connect } from "node:http2";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { memoryStore } from "@enfilade/limiter";
import { createApp, WAYS, type Way } from "@enfilade/line-testing";
import { createClock, listen, openExchange, openWebSocket } from "@enfilade/testing";
import websocket from "@fastify/websocket";
import { describe, expect, it, onTestFinished } from "vitest";
import { rateLimit } from "../src/index.ts";
import { limitedApp } from "./apps.ts";

/** An app with a route for each kind of response, and its origin. */
async function served(way: Way, max: number): Promise<string> {
  const app = await createApp({ way });
  await app.register(websocket);
  await app.register(rateLimit, { max, store: memoryStore({ now: createClock().now }) });
  app.get("/plain", async () => "ok");
  app.get("/stream", (_request, reply) => reply.send(Readable.from(["a", "b"])));
  app.get("/response", async () => new Response("web"));
  app.get("/events", (_request, reply) => {
    reply.hijack();
    reply.raw.writeHead(200, { "content-type": "text/event-stream", trailer: "x-done" });
    reply.raw.write("data: 1\n\n");
    reply.raw.addTrailers({ "x-done": "1" });
    reply.raw.end();
  });
  app.get("/implicit", (_request, reply) => {
    reply.hijack();
    reply.raw.end("raw");
  });
  app.get("/fails-late", (_request, reply) =>
    reply.send(
      new Readable({
        read() {
          this.destroy(new Error("no such file"));
        },
      }),
    ),
  );
  await app.register(async (child) => {
    child.get("/socket", { websocket: true }, (socket) => socket.send("welcome"));
  });
  return await listen(app);
}

async function open(origin: string): Promise<string | number> {
  const client = openWebSocket(origin);
  const refusal = once(client, "unexpected-response").then(([, response]) => response.statusCode);
  const message = once(client, "message").then(([data]) => String(data));
  return await Promise.race([refusal, message]);
}

describe.each(WAYS)("%s, over a socket,", (way) => {
  it.each(["/plain", "/stream", "/response", "/events", "/implicit", "/fails-late", "/nothing"])(
    "%s carries its limits in its head, and is refused when there are none left",
    async (path) => {
      const origin = await served(way, 1);
      const exchange = await openExchange(origin, { path, headers: { connection: "close" } });
      const { headers } = await exchange.head();
      expect(headers.get("ratelimit-policy")).toEqual(['"address";q=1;w=60']);
      expect(headers.get("ratelimit")?.[0]).toMatch(/^"address";r=0;t=\d+$/);
      // Never in trailers (draft-ietf-httpapi-ratelimit-headers-10, section 4).
      expect((await exchange.closed()).toLowerCase()).not.toContain("ratelimit");

      const refused = await openExchange(origin, { path });
      const head = await refused.head();
      expect(head.status).toBe(429);
      expect(head.headers.has("retry-after")).toBe(true);
      expect(await refused.wholeBody()).toContain("RATE_LIMIT_EXCEEDED");
    },
  );

  it("a WebSocket upgrade is counted, and refused before it is one", async () => {
    const origin = await served(way, 2);
    expect(await open(origin)).toBe("welcome");
    expect(await open(origin)).toBe("welcome");
    expect(await open(origin)).toBe(429);
  });

  it("a request in absolute form, or with another spelling of its path, is in the same bucket", async () => {
    const origin = await served(way, 2);
    const ask = async (path: string) =>
      (await (await openExchange(origin, { path })).head()).status;
    expect(await ask(`${origin}/plain`)).not.toBe(429);
    expect(await ask("/plain/../plain")).not.toBe(429);
    expect(await ask("/plain")).toBe(429);
    expect(await ask("//plain;x=1")).toBe(429);
  });

  it("a client that leaves, and one that pipelines, is counted for all that it has sent", async () => {
    const origin = await served(way, 3);
    const gone = await openExchange(origin, { path: "/plain" });
    await gone.head();
    gone.reset();
    const pipelined = await openExchange(origin, { path: "/plain" });
    pipelined.write("GET /plain HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
    await pipelined.closed();
    const refused = await openExchange(origin, { path: "/plain" });
    expect((await refused.head()).status).toBe(429);
  });

  it("whoever comes by a socket of the file system, and has no address, is counted as one", async () => {
    const folder = await mkdtemp(join(tmpdir(), "rate-limit-"));
    onTestFinished(() => rm(folder, { recursive: true }));
    const { app } = await limitedApp({ max: 1 }, { way });
    const socketPath = join(folder, "app.sock");
    await app.listen({ path: socketPath });
    const ask = async () => {
      const [response] = await once(
        request({ socketPath, path: "/", agent: false }).end(),
        "response",
      );
      response.resume();
      return response.statusCode;
    };
    expect([await ask(), await ask()]).toEqual([200, 429]);
  });

  it("HTTP/2 streams of one connection are counted each", async () => {
    const app = await createApp({ way, http2: true });
    await app.register(rateLimit, { max: 2 });
    app.get("/", async () => "ok");
    const session = connect(await listen(app));
    onTestFinished(() => session.destroy());
    const ask = async () => {
      const stream = session.request({ ":path": "/" });
      stream.resume();
      const [headers] = await once(stream, "response");
      return headers as Record<string, string | number>;
    };
    const all = await Promise.all([ask(), ask(), ask()]);
    expect(all.map((headers) => headers[":status"]).toSorted()).toEqual([200, 200, 429]);
    for (const headers of all) expect(headers).toHaveProperty("ratelimit");
    const refused = all.find((headers) => headers[":status"] === 429);
    expect(refused).toHaveProperty("retry-after");
  });
});
