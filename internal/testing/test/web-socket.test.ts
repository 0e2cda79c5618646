import { once } from "node:events";
import Fastify from "fastify";
import { expect, it } from "vitest";
import { type WebSocket, WebSocketServer } from "ws";
import { createRecorder, listen, openWebSocket } from "../src/index.ts";

const closed = createRecorder<string>();

/** Takes WebSockets at `/socket`, and tells each what it has said of itself. */
async function originOf(): Promise<string> {
  const app = Fastify();
  const sockets = new WebSocketServer({ server: app.server, path: "/socket" });
  sockets.on("connection", (socket: WebSocket, { headers }) => {
    socket.send(`${headers["x-name"]} ${socket.protocol}`);
    socket.on("close", () => closed.record("socket"));
  });
  return await listen(app);
}

it("opens with headers and subprotocols, and is terminated when the test ends", async () => {
  const socket = openWebSocket(await originOf(), {
    headers: { "x-name": "ann" },
    protocols: ["chat"],
  });
  const [message] = await once(socket, "message");
  expect(String(message)).toBe("ann chat");
  expect(closed.items).toEqual([]);
});

it("has been terminated by the time that the next test waits for it", async () => {
  await closed.find((what) => what === "socket");
});

it("hands over what a refusal says", async () => {
  const socket = openWebSocket(await originOf(), { path: "/nowhere" });
  const [, refusal] = await once(socket, "unexpected-response");
  expect(refusal.statusCode).toBe(400);
});

it("fails who waits for it where nobody listens", async () => {
  await expect(once(openWebSocket("http://127.0.0.1:1"), "open")).rejects.toThrow("ECONNREFUSED");
});
