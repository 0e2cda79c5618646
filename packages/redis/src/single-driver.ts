import {
  ClientClosedError,
  ClientOfflineError,
  createClient,
  ErrorReply,
  type RedisClientOptions,
} from "@redis/client";
import { backoffMs } from "./backoff.ts";
import { ASK_TIME, type DriverEvents, type FailureKind, type RedisDriver } from "./driver.ts";
import { within } from "./within.ts";

/** Options of node-redis' `createClient`. */
export type NodeRedisOptions = RedisClientOptions;

type Client = ReturnType<typeof createClient>;

/** A handshake that takes longer is given up: a frozen server accepts connections all the same. */
export const CONNECT_MS = 2_000;

/**
 * Whatever the user has set: no queue for later, no second try, no timeout of node-redis' own (the
 * guard's is cheaper, and covers more).
 */
export function safeOptions(options: NodeRedisOptions): NodeRedisOptions {
  return {
    ...options,
    disableOfflineQueue: true,
    commandOptions: { ...options.commandOptions, timeout: 0 },
  };
}

/** What node-redis' errors mean for a command. */
export function classifyNodeRedis(error: unknown): FailureKind {
  if (error instanceof ErrorReply) return "reply";
  if (error instanceof ClientOfflineError || error instanceof ClientClosedError) return "unsent";
  return "lost";
}

/**
 * node-redis on one server. The driver makes a new client for every attempt, and asks each time where
 * the server is: a failover may have moved it.
 */
export class SingleDriver implements RedisDriver {
  readonly name: string;
  readonly #locate: () => Promise<NodeRedisOptions>;
  #events: DriverEvents | undefined;
  #client: Client | undefined;
  #node = "redis";
  #retry: NodeJS.Timeout | undefined;
  #attempt = 0;
  #announced = false;
  #closed = false;

  constructor(name: string, locate: () => Promise<NodeRedisOptions>) {
    this.name = name;
    this.#locate = locate;
  }

  start(events: DriverEvents): void {
    this.#events = events;
    void this.#connect();
  }

  nodeOf(): string {
    return this.#node;
  }

  nodes(): readonly string[] {
    return [this.#node];
  }

  isReady(): boolean {
    return this.#client?.isReady ?? false;
  }

  send(_node: string, args: readonly string[]): Promise<unknown> {
    return this.#client?.sendCommand(args) ?? Promise.reject(new ClientOfflineError());
  }

  time(node: string): Promise<unknown> {
    return this.send(node, ASK_TIME);
  }

  reconnect(): void {
    this.#drop();
    this.#announced = false;
    clearTimeout(this.#retry);
    if (!this.#closed) void this.#connect();
  }

  classify(error: unknown): FailureKind {
    return classifyNodeRedis(error);
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#retry);
    this.#drop();
  }

  async #connect(): Promise<void> {
    let client: Client | undefined;
    try {
      const options = safeOptions(await this.#locate());
      const connectTimeout = options.socket?.connectTimeout ?? CONNECT_MS;
      const socket = { ...options.socket, connectTimeout, reconnectStrategy: false as const };
      client = createClient({ ...options, socket });
      if (this.#closed) return;
      this.#client = client;
      const own = client;
      client.on("error", (error: unknown) => this.#lose(own, error));
      // One that is given up while it connects comes about all the same, and would stay.
      client.on("connect", () => {
        if (this.#client !== own) own.destroy();
      });
      await within(client.connect(), connectTimeout, "connection");
      if (this.#client !== client) return;
      this.#attempt = 0;
      this.#announced = true;
      this.#events?.ready(this.#node);
    } catch (error) {
      if (client !== undefined) {
        this.#lose(client, error);
      } else if (!this.#closed) {
        this.#events?.failed(this.#node, error);
        this.#again();
      }
    }
  }

  /** A client that has failed is never used again. */
  #lose(client: Client, cause: unknown): void {
    if (this.#client !== client) return;
    this.#drop();
    if (this.#announced) this.#events?.lost(this.#node, cause);
    else this.#events?.failed(this.#node, cause);
    this.#announced = false;
    this.#again();
  }

  #again(): void {
    if (this.#closed) return;
    clearTimeout(this.#retry);
    this.#retry = setTimeout(() => void this.#connect(), backoffMs(this.#attempt++));
    this.#retry.unref();
  }

  #drop(): void {
    const client = this.#client;
    this.#client = undefined;
    // Rejects all that wait for an answer; a client that never connected has nothing to destroy.
    client?.destroy();
  }
}
