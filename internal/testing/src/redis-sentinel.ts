import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type RedisServer, startRedis, startRedisServer } from "./redis.ts";

/** A master, its replica, and a sentinel that promotes the replica when the master dies. */
export interface RedisSentinel {
  readonly master: RedisServer;
  readonly replica: RedisServer;
  readonly sentinel: RedisServer;
  /** The name of the master, as the sentinel knows it. */
  readonly name: string;
  /** Ends all three; for `afterAll`. */
  stop(): Promise<void>;
}

const NAME = "main";
/** After so much silence the sentinel takes the master for dead. */
const DOWN_AFTER_MS = 500;
const SYNC_MS = 20_000;
const LOOK_EVERY_MS = 50;

/**
 * Starts a master with one replica under one sentinel, and waits until the replica is in step and the
 * sentinel knows it.
 */
export async function startRedisSentinel(): Promise<RedisSentinel> {
  const servers: RedisServer[] = [];
  const stop = async () => {
    await Promise.all(servers.map((server) => server.stop()));
  };
  const keep = (server: RedisServer) => {
    servers.push(server);
    return server;
  };
  try {
    const master = keep(await startRedis(["--repl-diskless-sync-delay", "0"]));
    const replica = keep(await startRedis(["--replicaof", `127.0.0.1 ${master.port}`]));
    await until(master, ["INFO", "replication"], "state=online");
    const sentinel = keep(await startRedisServer(["--sentinel"], { configure: writeConfig }));
    const orders = [
      ["MONITOR", NAME, "127.0.0.1", String(master.port), "1"],
      ["SET", NAME, "down-after-milliseconds", String(DOWN_AFTER_MS)],
      ["SET", NAME, "failover-timeout", "2000"],
    ];
    for (const order of orders) await expectOk(sentinel, ["SENTINEL", ...order]);
    await until(sentinel, ["SENTINEL", "REPLICAS", NAME], String(replica.port));
    return { master, replica, sentinel, name: NAME, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** A sentinel keeps what it learns in its configuration file, and does not start without one. */
async function writeConfig(folder: string): Promise<string> {
  const file = join(folder, "sentinel.conf");
  await writeFile(file, "");
  return file;
}

async function expectOk(server: RedisServer, args: readonly string[]): Promise<void> {
  const reply = await server.command(...args);
  if (reply !== "+OK") throw new Error(`${args.join(" ")}: ${reply}`);
}

async function until(server: RedisServer, args: readonly string[], text: string): Promise<void> {
  const deadline = performance.now() + SYNC_MS;
  for (;;) {
    const reply = await server.command(...args);
    if (reply.includes(text)) return;
    if (performance.now() > deadline) throw new Error(`Waited for "${text}" in vain:\n${reply}`);
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
  }
}
