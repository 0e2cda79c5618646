import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type WebSocket, WebSocketServer } from "ws";
import { createRecorder, openWebSocket } from "../src/index.ts";

const closed = createRecorder<string>();
let server: WebSocketServer;
let origin: string;

beforeAll(async () => {
  server = new WebSocketServer({ host: "127.0.0.1", port: 0, path: "/socket" });
  server.on("connection", (socket: WebSocket, { headers }) => {
    socket.send(`${headers["x-name"]} ${socket.protocol}`);
    socket.on("close", () => closed.record("socket"));
  });
  await once(server, "listening");
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => {
  server.close();
});

it("opens with headers and subprotocols, and is terminated when the test ends", async () => {
  const socket = openWebSocket(origin, { headers: { "x-name": "ann" }, protocols: ["chat"] });
  const [message] = await once(socket, "message");
  expect(String(message)).toBe("ann chat");
  expect(closed.items).toEqual([]);
});

it("has been terminated by the time that the next test waits for it", async () => {
  await closed.find((what) => what === "socket");
});

it("hands over what a refusal says", async () => {
  const socket = openWebSocket(origin, { path: "/nowhere" });
  const [, refusal] = await once(socket, "unexpected-response");
  expect(refusal.statusCode).toBe(400);
});

it("fails who waits for it where nobody listens", async () => {
  await expect(once(openWebSocket("http://127.0.0.1:1"), "open")).rejects.toThrow("ECONNREFUSED");
});
