import { setMaxListeners } from "node:events";
import { createCluster, type RedisClusterOptions } from "@redis/client";
import { backoffMs } from "./backoff.ts";
import { ASK_TIME, type DriverEvents, type FailureKind, type RedisDriver } from "./driver.ts";
import { keySlot } from "./key-slot.ts";
import { CONNECT_MS, classifyNodeRedis, safeOptions } from "./single-driver.ts";
import { within } from "./within.ts";

/** Options of node-redis' `createCluster`. */
export type ClusterOptions = RedisClusterOptions;

type Cluster = ReturnType<typeof openCluster>;
type Node = Cluster["masters"][number];
type Client = NonNullable<Node["client"]>;
/** Where a node is reached. */
type Endpoint = { readonly host: string; readonly port: number };

/** Where the slots are is asked anew while a node stays away: its replica may have taken over. */
const REFRESH_MS = 1_000;

function openCluster(options: ClusterOptions, signal: AbortSignal) {
  const { defaults = {} } = options;
  const socket = { reconnectStrategy: backoffMs, ...defaults.socket, signal };
  return createCluster({
    ...options,
    defaults: safeOptions({ ...defaults, socket }),
    commandOptions: { ...options.commandOptions, timeout: 0 },
    // Else it waits for every node, and a dead one keeps it from the others.
    minimizeConnections: true,
    topologyRefreshOnReconnectionAttemptStrategy: REFRESH_MS,
  });
}

/** node-redis on a cluster: each master is a node with a breaker and a clock of its own. */
export class ClusterDriver implements RedisDriver {
  readonly name = "node-redis cluster";
  readonly #options: ClusterOptions;
  #events: DriverEvents | undefined;
  #cluster: Cluster | undefined;
  #sockets = new AbortController();
  #discovered = false;
  #retry: NodeJS.Timeout | undefined;
  #attempt = 0;
  #closed = false;

  constructor(options: ClusterOptions) {
    this.#options = options;
  }

  start(events: DriverEvents): void {
    this.#events = events;
    void this.#connect();
  }

  nodeOf(key?: string): string | undefined {
    const cluster = this.#discovered ? this.#cluster : undefined;
    if (key === undefined) return cluster?.masters[0]?.address;
    return cluster?.slots[keySlot(key)]?.master.address;
  }

  nodes(): readonly string[] {
    return this.#discovered ? (this.#cluster?.masters ?? []).map(({ address }) => address) : [];
  }

  isReady(address: string): boolean {
    const node = this.#node(address);
    if (node === undefined) return false;
    // Known from a redirection only: a connection is made when it is wanted.
    if (node.client === undefined) this.#open(node);
    return node.client?.isReady ?? false;
  }

  async send(address: string, args: readonly string[], key?: string): Promise<unknown> {
    const cluster = this.#cluster;
    if (cluster === undefined || key === undefined) return this.#sendTo(address, args);
    return await cluster.sendCommand(key, false, [...args]);
  }

  time(address: string): Promise<unknown> {
    return this.#sendTo(address, ASK_TIME);
  }

  reconnect(address: string): void {
    const node = this.#node(address);
    const other = this.#cluster?.masters.find(
      (master) => master.address !== address && master.client?.isReady,
    );
    if (node === undefined || other?.client === undefined) {
      this.#renew();
    } else {
      this.#replace(node);
      void this.#lookFor(address, other.client);
    }
  }

  classify(error: unknown): FailureKind {
    return classifyNodeRedis(error);
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#retry);
    this.#drop();
  }

  async #sendTo(address: string, args: readonly string[]): Promise<unknown> {
    const cluster = this.#cluster;
    const node = this.#node(address);
    if (cluster === undefined || node === undefined) throw new Error("the node is gone");
    const client = await cluster.nodeClient(node);
    return await client.sendCommand([...args]);
  }

  #renew(): void {
    this.#drop();
    clearTimeout(this.#retry);
    if (!this.#closed) void this.#connect();
  }

  /** The others keep their connections, and what is under way on them. */
  #replace(node: Node): void {
    const { client } = node;
    delete node.client;
    // One that is given up while it connects comes about all the same, and would stay.
    client?.on("connect", () => client.destroy());
    client?.destroy();
    this.#open(node);
  }

  /** Starts anew where the slots of a node have gone to another. */
  async #lookFor(address: string, witness: Client): Promise<void> {
    const cluster = this.#cluster;
    try {
      const shards = await witness.clusterSlots();
      const stays = shards.some(({ master }) => `${master.host}:${master.port}` === address);
      if (!stays && this.#cluster === cluster) this.#renew();
    } catch {
      // The next reconnect asks again.
    }
  }

  async #connect(): Promise<void> {
    this.#sockets = new AbortController();
    // One listener for each socket.
    setMaxListeners(0, this.#sockets.signal);
    const cluster = openCluster(this.#options, this.#sockets.signal);
    this.#cluster = cluster;
    this.#discovered = false;
    cluster.on("error", () => {});
    cluster.on("node-ready", (reached: Endpoint) => {
      if (this.#cluster === cluster) this.#events?.ready(this.#nameOf(reached));
    });
    cluster.on("node-error", (error: unknown, reached: Endpoint) => {
      if (this.#cluster === cluster) this.#events?.lost(this.#nameOf(reached), error);
    });
    try {
      await within(cluster.connect(), CONNECT_MS, "answer about slots");
      if (this.#cluster !== cluster) return;
      this.#discovered = true;
      this.#attempt = 0;
      for (const node of cluster.masters) this.#open(node);
    } catch (error) {
      if (this.#cluster !== cluster) return;
      this.#events?.failed(this.name, error);
      this.#again();
    }
  }

  #again(): void {
    if (this.#closed) return;
    this.#drop();
    this.#retry = setTimeout(() => void this.#connect(), backoffMs(this.#attempt++));
    this.#retry.unref();
  }

  #open(node: Node): void {
    this.#cluster?.nodeClient(node).catch(() => {});
  }

  /** The cluster's own address of what it was reached by. */
  #nameOf(reached: Endpoint): string {
    const { nodeAddressMap: map } = this.#options;
    for (const address of this.#cluster?.nodeByAddress.keys() ?? []) {
      const mapped = typeof map === "function" ? map(address) : map?.[address];
      if (mapped?.host === reached.host && mapped?.port === reached.port) return address;
    }
    return `${reached.host}:${reached.port}`;
  }

  #node(address: string): Node | undefined {
    const node = this.#cluster?.nodeByAddress.get(address);
    return node === undefined ? undefined : (node as Node);
  }

  #drop(): void {
    const cluster = this.#cluster;
    this.#cluster = undefined;
    this.#discovered = false;
    if (cluster?.isOpen) cluster.destroy();
    // Those that are still coming about, and those that ask where the slots are.
    this.#sockets.abort();
  }
}
