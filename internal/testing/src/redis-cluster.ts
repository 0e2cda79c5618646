import { freePort, type RedisServer, sendRedisCommand, startRedisServer } from "./redis.ts";

/** A cluster of three masters without replicas, of one test file. */
export interface RedisCluster {
  readonly nodes: readonly RedisServer[];
  /** Ends all of them; for `afterAll`. */
  stop(): Promise<void>;
}

const SLOTS = 16_384;
const MASTERS = 3;
/** The cluster's own port is a node's port and so much. */
const BUS_OFFSET = 10_000;
const HIGHEST_PORT = 65_535;
const FORMING_MS = 20_000;
const LOOK_EVERY_MS = 50;

/**
 * Starts three masters that share the slots among them, and waits until each of them knows it.
 *
 * @example
 * let cluster: RedisCluster;
 * beforeAll(async () => { cluster = await startRedisCluster(); });
 * afterAll(() => cluster.stop());
 */
export async function startRedisCluster(args: readonly string[] = []): Promise<RedisCluster> {
  const nodes: RedisServer[] = [];
  const stop = async () => {
    await Promise.all(nodes.map((node) => node.stop()));
  };
  try {
    while (nodes.length < MASTERS) nodes.push(await startNode(args));
    await Promise.all(nodes.map((node, index) => takeSlots(node, index)));
    const [first] = nodes;
    for (const { port } of nodes) {
      if (port !== first?.port) await first?.command("CLUSTER", "MEET", "127.0.0.1", String(port));
    }
    await formed(nodes);
    return { nodes, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function startNode(args: readonly string[]): Promise<RedisServer> {
  const settings = ["--cluster-enabled", "yes", "--cluster-require-full-coverage", "no"];
  return await startRedisServer([...settings, ...args], { choosePort: clusterPort });
}

/** Redis' port for the cluster lies above: many free ports have none. */
async function clusterPort(): Promise<number> {
  for (;;) {
    const port = await freePort();
    const lower = port + BUS_OFFSET <= HIGHEST_PORT ? port : port - 2 * BUS_OFFSET;
    if (lower > 1_024) return lower;
  }
}

async function takeSlots({ port }: RedisServer, index: number): Promise<void> {
  const from = Math.floor((index * SLOTS) / MASTERS);
  const to = Math.floor(((index + 1) * SLOTS) / MASTERS);
  const slots = Array.from({ length: to - from }, (_, offset) => String(from + offset));
  await expectOk(port, ["CLUSTER", "ADDSLOTS", ...slots]);
  await expectOk(port, ["CLUSTER", "SET-CONFIG-EPOCH", String(index + 1)]);
}

async function expectOk(port: number, args: readonly string[]): Promise<void> {
  const reply = await sendRedisCommand(port, args);
  if (reply !== "+OK") throw new Error(`${args[0]} ${args[1]}: ${reply}`);
}

/** Nodes tell each other by gossip; there is nothing to wait for but that it has happened. */
async function formed(nodes: readonly RedisServer[]): Promise<void> {
  const deadline = performance.now() + FORMING_MS;
  for (;;) {
    const infos = await Promise.all(nodes.map((node) => node.command("CLUSTER", "INFO")));
    const whole = (info: string) =>
      info.includes("cluster_state:ok") && info.includes(`cluster_slots_ok:${SLOTS}`);
    if (infos.every(whole)) return;
    if (performance.now() > deadline) throw new Error(`The cluster did not form:\n${infos[0]}`);
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
  }
}
