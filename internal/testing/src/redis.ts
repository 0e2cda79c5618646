import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
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
  /** Dies at once, without a word to its clients. Its data are lost. */
  kill(): Promise<void>;
  /** Comes back on the same port, empty, after a `kill`. */
  restart(): Promise<void>;
  /** Ends it for good and removes its folder; for `afterAll`. */
  stop(): Promise<void>;
}

/** Another process may take a port between its choice and its use; then the next one is tried. */
const PORT_TRIES = 5;

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
  const program = requireProgram({ command: "redis-server", debianPackage: "redis-server" });
  const folder = await mkdtemp(join(tmpdir(), "enfilade-redis-"));
  const launch = (port: number) =>
    launchRedis(program, [
      ...["--port", String(port), "--bind", "127.0.0.1", "--dir", folder],
      ...["--save", "", "--appendonly", "no", "--daemonize", "no", ...args],
    ]);
  let { child, port } = await onFreePort(launch);

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

async function onFreePort(
  launch: (port: number) => Promise<ChildProcess>,
): Promise<{ child: ChildProcess; port: number }> {
  for (let tries = 1; ; tries++) {
    const port = await freePort();
    try {
      return { child: await launch(port), port };
    } catch (error) {
      if (tries === PORT_TRIES || !String(error).includes("Address already in use")) throw error;
    }
  }
}

async function freePort(): Promise<number> {
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
    await output.until((parts) => /Ready to accept|\(exited\)/.test(parts.join("")))
  ).join("");
  if (log.endsWith("(exited)")) throw new Error(`redis-server did not start:\n${log}`);
  return child;
}
