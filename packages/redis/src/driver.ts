/** What a driver tells the guard. */
export interface DriverEvents {
  /** A node takes commands, for the first time or again; it may be another server than before. */
  ready(node: string): void;
  /** The connection to a node is gone. */
  lost(node: string, cause: unknown): void;
  /** An attempt to connect came to nothing; there will be another. */
  failed(node: string, cause: unknown): void;
}

/**
 * `reply`: the server answered with an error. `unsent`: the command never left this process.
 * `lost`: the connection broke, and the command may have run or not.
 */
export type FailureKind = "reply" | "unsent" | "lost";

/**
 * `TIME`, asked in a script: a node whose scripts are held up (paused writes, a script that does not
 * end) is not well, however fast it answers everything else.
 */
export const ASK_TIME: readonly [string, string, string] = [
  "EVAL",
  "return redis.call('TIME')",
  "0",
];

/**
 * A Redis client as the guard needs it: it sends once, now or never. No queue for later, no second
 * try of its own; both are how a command comes to be counted behind its caller's back.
 */
export interface RedisDriver {
  /** Which client it is, for errors and metrics. */
  readonly name: string;
  start(events: DriverEvents): void;
  /** The node that a key lives on, any node without a key; `undefined` while none is known. */
  nodeOf(key?: string): string | undefined;
  /** The nodes that take writes, as far as they are known. */
  nodes(): readonly string[];
  isReady(node: string): boolean;
  /** Sends a command to the node of its key. */
  send(node: string, args: readonly string[], key?: string): Promise<unknown>;
  /** Asks a node for its time, by {@link ASK_TIME}. */
  time(node: string): Promise<unknown>;
  /** Drops the connection to a node and makes another, asking anew where the node is. */
  reconnect(node: string): void;
  classify(error: unknown): FailureKind;
  close(): Promise<void>;
}
