import { once } from "node:events";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { setImmediate } from "node:timers/promises";
import { expect, it, onTestFinished } from "vitest";
import { createRedis } from "../src/index.ts";

it("leaves no connection behind that was coming about when it was closed, to a frozen server either", async () => {
  const server = createServer((socket) => socket.resume());
  server.listen(0, "127.0.0.1");
  onTestFinished(() => void server.close());
  await once(server, "listening");
  const accepted = once(server, "connection") as Promise<[Socket]>;
  const { port } = server.address() as AddressInfo;
  const redis = createRedis({ url: `redis://127.0.0.1:${port}` });
  await setImmediate();
  await redis.close();
  const [socket] = await accepted;
  if (!socket.closed) await once(socket, "close");
  expect(socket.closed).toBe(true);
});
