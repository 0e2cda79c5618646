import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";

/** Stands between a client and a server, and does to their connection what networks do. */
export interface NetworkProxy {
  readonly url: string;
  /** How many connections have come so far. */
  readonly connections: number;
  /** Keeps what the server says, until `release`. */
  hold(): void;
  release(): void;
  /** Drops everything in both directions, and closes nothing: a peer that has gone without a word. */
  blackhole(): void;
  /** Breaks every connection; what the server had answered meanwhile is lost. */
  cut(): void;
  stop(): Promise<void>;
}

export async function startProxy(targetPort: number): Promise<NetworkProxy> {
  const pairs = new Set<{ client: Socket; server: Socket }>();
  const held: (() => void)[] = [];
  let mode: "pass" | "hold" | "drop" = "pass";
  let connections = 0;

  const proxy = createServer((client) => {
    connections += 1;
    const server = connect(targetPort, "127.0.0.1");
    const pair = { client, server };
    pairs.add(pair);
    // Connections made after the others fell into the hole are whole.
    const own = { dropped: false };
    client.on("data", (chunk) => {
      own.dropped ||= mode === "drop";
      if (!own.dropped) server.write(chunk);
    });
    server.on("data", (chunk) => {
      if (own.dropped || mode === "drop") return;
      if (mode === "hold") held.push(() => client.write(chunk));
      else client.write(chunk);
    });
    for (const [one, other] of [
      [client, server],
      [server, client],
    ] as const) {
      one.on("error", () => {});
      one.on("close", () => {
        pairs.delete(pair);
        if (!own.dropped) other.destroy();
      });
    }
  });
  proxy.listen(0, "127.0.0.1");
  await once(proxy, "listening");
  const address = proxy.address();
  if (address === null || typeof address === "string") throw new Error("unreachable: no TCP port");

  return {
    url: `redis://127.0.0.1:${address.port}`,
    get connections() {
      return connections;
    },
    hold() {
      mode = "hold";
    },
    release() {
      mode = "pass";
      for (const write of held.splice(0)) write();
    },
    blackhole() {
      mode = "drop";
    },
    cut() {
      mode = "pass";
      held.length = 0;
      for (const { client, server } of pairs) {
        client.resetAndDestroy();
        server.destroy();
      }
    },
    async stop() {
      for (const { client, server } of pairs) {
        client.destroy();
        server.destroy();
      }
      proxy.close();
      await once(proxy, "close");
    },
  };
}
