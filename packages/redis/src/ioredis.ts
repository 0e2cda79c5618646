import { Writable } from "node:stream";
import { ASK_TIME, type DriverEvents, type FailureKind, type RedisDriver } from "./driver.ts";
import { REDIS_UNSAFE_CLIENT } from "./errors.ts";
import { describe, describeUrl, refuseAs } from "./invalid-option.ts";
import { keySlot } from "./key-slot.ts";

/** The part of an ioredis client that is used, so that this package need not depend on ioredis. */
export interface IoredisClient {
  readonly status: string;
  readonly options: object;
  call(command: string, ...args: string[]): Promise<unknown>;
  on(event: string, listener: (cause?: unknown) => void): unknown;
  off(event: string, listener: (cause?: unknown) => void): unknown;
  disconnect(reconnect?: boolean): void;
}

/** The same of an ioredis `Cluster`. */
export interface IoredisCluster extends IoredisClient {
  readonly slots: readonly (readonly string[])[];
  nodes(role: "master"): IoredisNode[];
  refreshSlotsCache(): void;
}

/** A node of an ioredis `Cluster`. */
export interface IoredisNode extends IoredisClient {
  readonly options: { readonly host?: string | undefined; readonly port?: number | undefined };
  connect(): Promise<void>;
}

/** A node that has gone is dropped from the pool until someone asks where the slots are. */
const REFRESH_EVERY_MS = 500;

/** How many commands are written at once. */
const AT_ONCE = 8;

/** What each option has to be, and what goes wrong otherwise. */
const SAFE = {
  enableOfflineQueue: [false, "Else commands wait for a server that is away, and run later."],
  maxRetriesPerRequest: [0, "Else commands that broke off are sent again, and may count twice."],
  autoResendUnfulfilledCommands: [false, "Else commands that broke off are sent again."],
} as const;
const SAFE_CLUSTER = {
  enableOfflineQueue: SAFE.enableOfflineQueue,
  retryDelayOnFailover: [0, "Else commands that broke off are sent again, and may count twice."],
  retryDelayOnClusterDown: [0, "Else commands wait for a cluster that is down, and run later."],
} as const;

/**
 * Adapts a client of ioredis, single, by Sentinel or `Cluster`, that the application has made.
 *
 * It stays the application's: closing the guarded connection does not close it. Give it to nothing
 * that blocks (`BLPOP`, `XREAD BLOCK`), or every command waits behind that.
 *
 * @throws REDIS_INVALID_OPTION where it is no client
 * @throws REDIS_UNSAFE_CLIENT where its options make it queue commands, or send them twice; they are
 *   not changed behind your back
 * @example
 * ```ts no-run
 * const client = new Redis({
 *   enableOfflineQueue: false,
 *   maxRetriesPerRequest: 0,
 *   autoResendUnfulfilledCommands: false,
 * });
 * const redis = createRedis({ driver: ioredis(client) });
 * ```
 */
export function ioredis(client: IoredisClient | IoredisCluster): RedisDriver {
  const { options }: { readonly options?: unknown } = Object(client);
  if (typeof options !== "object" || options === null) {
    const fix = "Give a client of ioredis: new Redis({ … }).";
    refuseAs("ioredis", "client", describeUrl(client), fix);
  }
  if (!isCluster(client)) {
    assertSafe(client.options, SAFE, "");
    return new IoredisDriver(client);
  }
  assertSafe(client.options, SAFE_CLUSTER, "");
  const nodeOptions: unknown = Reflect.get(client.options, "redisOptions") ?? {};
  assertSafe(Object(nodeOptions), SAFE, "redisOptions.", ["enableOfflineQueue"]);
  return new IoredisClusterDriver(client);
}

function isCluster(client: IoredisClient | IoredisCluster): client is IoredisCluster {
  return "slots" in client && "nodes" in client;
}

function assertSafe(
  options: object,
  safe: Readonly<Record<string, readonly [unknown, string]>>,
  prefix: string,
  except: readonly string[] = [],
): void {
  for (const [name, [wanted, why]] of Object.entries(safe)) {
    const value: unknown = Reflect.get(options, name);
    if (value === wanted || except.includes(name)) continue;
    throw new REDIS_UNSAFE_CLIENT(
      `${prefix}${name}`,
      describe(value),
      `Make the client with ${prefix}${name}: ${String(wanted)}. ${why}`,
    );
  }
}

/** ioredis says what happened in messages only. */
function classifyIoredis(error: unknown): FailureKind {
  if (!(error instanceof Error)) return "lost";
  if (error.name === "ReplyError") return "reply";
  const unsent = /enableOfflineQueue options is false|^Cluster is ended/.test(error.message);
  return unsent ? "unsent" : "lost";
}

/** One connection, to a server or to the master that Sentinel names. */
class IoredisDriver implements RedisDriver {
  readonly name = "ioredis";
  readonly #client: IoredisClient;
  #stop: () => void = () => {};
  /** How many commands have been sent in this turn. */
  #corked = 0;

  constructor(client: IoredisClient) {
    this.#client = client;
  }

  start(events: DriverEvents): void {
    this.#stop = follow(this.#client, {
      ready: () => events.ready("redis"),
      lost: (cause) => events.lost("redis", cause),
      failed: (cause) => events.failed("redis", cause),
    });
    if (this.isReady()) events.ready("redis");
  }
  nodeOf(): string {
    return "redis";
  }
  nodes(): readonly string[] {
    return ["redis"];
  }
  isReady(): boolean {
    return this.#client.status === "ready";
  }
  send(_node: string, args: readonly string[]): Promise<unknown> {
    this.#cork();
    return call(this.#client, args);
  }
  time(): Promise<unknown> {
    return this.#client.call(...ASK_TIME);
  }
  reconnect(): void {
    this.#client.disconnect(true);
  }
  classify(error: unknown): FailureKind {
    return classifyIoredis(error);
  }
  async close(): Promise<void> {
    this.#stop();
  }

  /**
   * Writes what is sent in one turn a few commands at a time. ioredis makes a system call of each; all of
   * them in one would leave the server idle until the last is made.
   */
  #cork(): void {
    const stream: unknown = Reflect.get(this.#client, "stream");
    if (!(stream instanceof Writable)) return;
    if (this.#corked === 0) {
      stream.cork();
      process.nextTick(() => {
        this.#corked = 0;
        stream.uncork();
      });
    } else if (this.#corked % AT_ONCE === 0) {
      stream.uncork();
      stream.cork();
    }
    this.#corked += 1;
  }
}

/** A cluster: each master is a node with a breaker and a clock of its own. */
class IoredisClusterDriver implements RedisDriver {
  readonly name = "ioredis cluster";
  readonly #cluster: IoredisCluster;
  readonly #followed = new Map<IoredisNode, () => void>();
  #stop: () => void = () => {};
  #refreshedAt = Number.NEGATIVE_INFINITY;

  constructor(cluster: IoredisCluster) {
    this.#cluster = cluster;
  }

  start(events: DriverEvents): void {
    const look = () => this.#followNodes(events);
    const stop = follow(this.#cluster, {
      ready: () => this.#announce(events),
      lost: look,
      failed: (cause) => events.failed(this.name, cause),
    });
    this.#cluster.on("+node", look);
    this.#stop = () => {
      stop();
      this.#cluster.off("+node", look);
      for (const unfollow of this.#followed.values()) unfollow();
    };
    this.#announce(events);
  }
  nodeOf(key?: string): string | undefined {
    if (this.#cluster.status !== "ready") return undefined;
    return key === undefined ? this.nodes()[0] : this.#cluster.slots[keySlot(key)]?.[0];
  }
  nodes(): readonly string[] {
    return this.#cluster.status === "ready" ? this.#cluster.nodes("master").map(addressOf) : [];
  }
  isReady(address: string): boolean {
    if (this.#cluster.status !== "ready") return false;
    const node = this.#node(address);
    if (node === undefined) this.#refresh();
    // ioredis connects a node when it is first sent something; here nothing is sent before that.
    else if (node.status === "wait") node.connect().catch(() => {});
    return node?.status === "ready";
  }
  send(address: string, args: readonly string[], key?: string): Promise<unknown> {
    const target = key === undefined ? this.#node(address) : this.#cluster;
    return call(target ?? this.#cluster, args);
  }
  async time(address: string): Promise<unknown> {
    return await this.#node(address)?.call(...ASK_TIME);
  }
  reconnect(address: string): void {
    // A node that stays away is looked for among the others; the whole cluster need not go.
    const node = this.#node(address);
    if (node === undefined) this.#cluster.disconnect(true);
    else node.disconnect(true);
  }
  classify(error: unknown): FailureKind {
    return classifyIoredis(error);
  }
  async close(): Promise<void> {
    this.#stop();
  }

  #refresh(): void {
    const now = performance.now();
    if (now - this.#refreshedAt < REFRESH_EVERY_MS) return;
    this.#refreshedAt = now;
    this.#cluster.refreshSlotsCache();
  }

  #node(address: string): IoredisNode | undefined {
    return this.#cluster.nodes("master").find((node) => addressOf(node) === address);
  }

  #followNodes(events: DriverEvents): void {
    const nodes = new Set(this.#cluster.nodes("master"));
    for (const [node, unfollow] of this.#followed) {
      if (nodes.has(node)) continue;
      unfollow();
      this.#followed.delete(node);
    }
    for (const node of nodes) {
      if (this.#followed.has(node)) continue;
      const address = addressOf(node);
      const unfollow = follow(node, {
        ready: () => events.ready(address),
        lost: (cause) => events.lost(address, cause),
        failed: (cause) => events.failed(address, cause),
      });
      this.#followed.set(node, unfollow);
    }
  }

  /** Some nodes are connected before the cluster is, and the others wait to be asked for. */
  #announce(events: DriverEvents): void {
    this.#followNodes(events);
    for (const address of this.nodes()) if (this.isReady(address)) events.ready(address);
  }
}

function addressOf({ options }: IoredisNode): string {
  return `${options.host}:${options.port}`;
}

function call(client: IoredisClient, [command = "", ...args]: readonly string[]): Promise<unknown> {
  return client.call(command, ...args);
}

/** Listens for what matters: connections made, lost, and not made. ioredis prints errors nobody listens for. */
function follow(
  client: IoredisClient,
  told: Record<"lost" | "failed", (cause: unknown) => void> & { ready: () => void },
): () => void {
  let isReady = client.status === "ready";
  let cause: unknown = "the connection was closed";
  const onError = (error: unknown) => {
    cause = error;
    if (!isReady) told.failed(error);
  };
  const onReady = () => {
    isReady = true;
    cause = "the connection was closed";
    told.ready();
  };
  // Attempts that fail close, too.
  const onClose = () => {
    if (isReady) told.lost(cause);
    isReady = false;
  };
  client.on("ready", onReady);
  client.on("close", onClose);
  client.on("error", onError);
  return () => {
    client.off("ready", onReady);
    client.off("close", onClose);
    client.off("error", onError);
  };
}
