import { once } from "node:events";
import { createDeferred, listen, openExchange } from "@enfilade/testing";
import websocket from "@fastify/websocket";
import { describe, expect, it, onTestFinished } from "vitest";
import WebSocket from "ws";
import { createApp, outcomesOf, watchEndings } from "./support.ts";

/** An app with a WebSocket that says back what it hears, and a client of it that is connected. */
async function connected() {
  const app = createApp();
  const endings = await watchEndings(app);
  await app.register(websocket);
  app.get("/socket", { websocket: true }, (socket) => {
    socket.on("message", (message) => {
      if (message.toString() === "leave") socket.close();
      else socket.send(message.toString());
    });
  });
  const socket = new WebSocket(`${(await listen(app)).replace("http", "ws")}/socket`);
  onTestFinished(() => socket.terminate());
  await once(socket, "open");
  socket.send("hello");
  await once(socket, "message");
  return { app, endings, socket };
}

describe("an upgraded connection settles when it closes", () => {
  it("not before, and completed where the client closes it", async () => {
    const { app, endings, socket } = await connected();
    expect(endings.items).toEqual([]);
    socket.close();
    expect(await outcomesOf(app, endings)).toEqual(["completed"]);
    expect(endings.items[0]?.headed).toBe(false);
  });

  it("completed where the server closes it", async () => {
    const { app, endings, socket } = await connected();
    socket.send("leave");
    expect(await outcomesOf(app, endings)).toEqual(["completed"]);
  });

  it("completed where the client drops it without a word: on the connection that is in order", async () => {
    const { app, endings, socket } = await connected();
    socket.terminate();
    expect(await outcomesOf(app, endings)).toEqual(["completed"]);
  });

  it("completed where the server drops it", async () => {
    const { app, endings, socket } = await connected();
    for (const client of app.websocketServer.clients) client.terminate();
    await once(socket, "close");
    expect(await outcomesOf(app, endings)).toEqual(["completed"]);
  });

  it("completed where the app closes", async () => {
    const { app, endings } = await connected();
    await app.close();
    expect(endings.items.map(({ outcome }) => outcome)).toEqual(["completed"]);
  });

  it("aborted where the client resets it", async () => {
    const { app, endings, socket } = await connected();
    Reflect.get(socket, "_socket").resetAndDestroy();
    expect(await outcomesOf(app, endings)).toEqual(["aborted"]);
  });
});

it("an upgrade that a route of another kind refuses is an exchange like any other", async () => {
  const app = createApp();
  const endings = await watchEndings(app);
  await app.register(websocket);
  app.get("/plain", async () => "no socket here");
  const socket = new WebSocket(`${(await listen(app)).replace("http", "ws")}/nowhere`);
  const [, response] = await once(socket, "unexpected-response");
  expect(response.statusCode).toBe(404);
  expect(await outcomesOf(app, endings)).toEqual(["completed"]);
});

it("a request that asks for another protocol in vain is an exchange like any other", async () => {
  const app = createApp();
  const endings = await watchEndings(app);
  const reached = createDeferred();
  app.get("/", (_request, reply) => {
    reply.hijack();
    reached.resolve();
  });
  const exchange = await openExchange(await listen(app), {
    headers: { connection: "upgrade, http2-settings", upgrade: "h2c", "http2-settings": "" },
  });
  await reached.promise;
  exchange.destroy();
  expect(await outcomesOf(app, endings)).toEqual(["aborted"]);
});
