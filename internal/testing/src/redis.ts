import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { requireProgram } from "./programs.ts";
import { createRecorder } from "./recorder.ts";

/** A real Redis server that belongs to one test file. */
export interface RedisServer {
  /** `redis://127.0.0.1:<port>` */
  readonly url: string;
  readonly port: number;
  /** Stops answering without closing anything, as a frozen machine does; undone by `thaw`. */
  freeze(): void;
  thaw(): void;
  /** Dies at once, without a word to its clients. Its data are lost, unless it was told to persist. */
  kill(): Promise<void>;
  /** Comes back on the same port after a `kill`: empty, or with what it has persisted. */
  restart(): Promise<void>;
  /** Sends one command on a connection of its own; resolves with the reply as it came. */
  command(...args: readonly string[]): Promise<string>;
  /** Ends it for good and removes its folder; for `afterAll`. */
  stop(): Promise<void>;
}

/** Another process may take a port between its choice and its use; then the next one is tried. */
const PORT_TRIES = 5;

/**
 * The server that `REDIS_URL` names, or else a server of the test's own; for tests that neither break
 * the server nor expect it empty.
 */
export async function anyRedis(): Promise<Pick<RedisServer, "url" | "stop">> {
  const url = process.env.REDIS_URL;
  return url === undefined || url === "" ? await startRedis() : { url, stop: async () => {} };
}

/**
 * Starts a `redis-server` of the test's own on a free port, without persistence, and waits until it
 * accepts connections. Installs the program where that is possible, see {@link requireProgram}.
 *
 * @param args - further settings, such as `["--maxmemory", "1mb"]`
 *
 * @example
 * let redis: RedisServer;
 * beforeAll(async () => { redis = await startRedis(); });
 * afterAll(() => redis.stop());
 */
export async function startRedis(args: readonly string[] = []): Promise<RedisServer> {
  return await startRedisServer(args);
}

/** Starts a server that is part of something larger, and needs a certain port or a file of its own. */
export async function startRedisServer(
  args: readonly string[],
  {
    choosePort = freePort,
    configure,
  }: {
    choosePort?: () => Promise<number>;
    /** Writes a configuration file into the server's folder. */
    configure?: (folder: string) => Promise<string>;
  } = {},
): Promise<RedisServer> {
  const program = requireProgram({ command: "redis-server", debianPackage: "redis-server" });
  const folder = await mkdtemp(join(tmpdir(), "enfilade-redis-"));
  const configFile = await configure?.(folder);
  const launch = (port: number) =>
    launchRedis(program, [
      // The one argument that is told by its place.
      ...(configFile === undefined ? [] : [configFile]),
      ...["--port", String(port), "--bind", "127.0.0.1", "--dir", folder],
      ...["--save", "", "--appendonly", "no", "--daemonize", "no", ...args],
    ]);
  let { child, port } = await onFreePort(launch, choosePort);

  const end = async (signal: NodeJS.Signals) => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const exit = once(child, "exit");
    child.kill(signal);
    await exit;
  };
  return {
    url: `redis://127.0.0.1:${port}`,
    port,
    freeze: () => void child.kill("SIGSTOP"),
    thaw: () => void child.kill("SIGCONT"),
    kill: () => end("SIGKILL"),
    command: (...args) => sendRedisCommand(port, args),
    async restart() {
      await end("SIGKILL");
      child = await launch(port);
    },
    async stop() {
      await end("SIGKILL");
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Sends one command to a server on 127.0.0.1, and resolves with the reply as it came. */
export async function sendRedisCommand(port: number, args: readonly string[]): Promise<string> {
  const socket = connect(port, "127.0.0.1");
  const words = args.map((word) => `$${Buffer.byteLength(word)}\r\n${word}\r\n`);
  // The server answers what it has read before it notices the end and closes: the reply is whole then.
  socket.end(`*${args.length}\r\n${words.join("")}`);
  let reply = "";
  for await (const chunk of socket.setEncoding("utf8")) reply += String(chunk);
  return reply.trimEnd();
}

async function onFreePort(
  launch: (port: number) => Promise<ChildProcess>,
  choosePort: () => Promise<number>,
): Promise<{ child: ChildProcess; port: number }> {
  for (let tries = 1; ; tries++) {
    const port = await choosePort();
    try {
      return { child: await launch(port), port };
    } catch (error) {
      if (tries === PORT_TRIES || !String(error).includes("Address already in use")) throw error;
    }
  }
}

/** A free port of 127.0.0.1; nothing keeps another process from taking it before it is used. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  if (address === null || typeof address === "string") throw new Error("unreachable: no TCP port");
  return address.port;
}

async function launchRedis(program: string, args: string[]): Promise<ChildProcess> {
  const child = spawn(program, args, { stdio: ["ignore", "pipe", "pipe"] });
  const orphan = () => void child.kill("SIGKILL");
  process.once("exit", orphan);
  const output = createRecorder<string>();
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text: string) => output.record(text));
  }
  // "close" comes after the last output, "exit" may come before it.
  child.once("close", () => {
    process.off("exit", orphan);
    output.record("(exited)");
  });
  const log = (
    await output.until((parts) => /Ready to accept|Sentinel ID is|\(exited\)/.test(parts.join("")))
  ).join("");
  if (log.endsWith("(exited)")) throw new Error(`redis-server did not start:\n${log}`);
  return child;
}
