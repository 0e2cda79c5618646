import { once } from "node:events";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { setImmediate } from "node:timers/promises";
import { type RedisCluster, startRedisCluster } from "@enfilade/testing";
import { afterAll, beforeAll, expect, it, onTestFinished } from "vitest";
import { createRedis, type RedisOptions } from "../src/index.ts";

let cluster: RedisCluster;
beforeAll(async () => {
  cluster = await startRedisCluster();
});
afterAll(() => cluster.stop());

/** A server that accepts connections, as the kernel of a frozen one does, and never says a word. */
async function startSilent(): Promise<{ port: number; accepted: Promise<[Socket]> }> {
  const server = createServer((socket) => socket.resume());
  server.listen(0, "127.0.0.1");
  onTestFinished(() => void server.close());
  await once(server, "listening");
  const accepted = once(server, "connection") as Promise<[Socket]>;
  return { port: (server.address() as AddressInfo).port, accepted };
}

async function isClosed(accepted: Promise<[Socket]>): Promise<void> {
  const [socket] = await accepted;
  if (!socket.closed) await once(socket, "close");
  expect(socket.closed).toBe(true);
}

it.each<[string, (url: string) => RedisOptions]>([
  ["a server", (url) => ({ url })],
  ["a cluster", (url) => ({ cluster: { rootNodes: [{ url }] } })],
])("leaves no connection to %s behind that was coming about when it was closed", async (_, to) => {
  const { port, accepted } = await startSilent();
  const redis = createRedis(to(`redis://127.0.0.1:${port}`));
  await setImmediate();
  await redis.close();
  await isClosed(accepted);
});

it("leaves no connection to a cluster behind that waited for its slots when it was closed", async () => {
  const { port, accepted } = await startSilent();
  const redis = createRedis({ cluster: { rootNodes: [{ url: `redis://127.0.0.1:${port}` }] } });
  const [socket] = await accepted;
  await once(socket, "data");
  await redis.close();
  await isClosed(accepted);
});

it("leaves no connection to a node behind that was coming about when it was closed", async () => {
  const { port, accepted } = await startSilent();
  const [root] = cluster.nodes;
  const redis = createRedis({
    cluster: {
      rootNodes: [{ url: root?.url ?? "" }],
      nodeAddressMap: () => ({ host: "127.0.0.1", port }),
    },
  });
  // Once the nodes are known, connections to them are begun, and none of them is made in the same turn.
  while (redis.state().nodes.length === 0) await setImmediate();
  await redis.close();
  await isClosed(accepted);
});
