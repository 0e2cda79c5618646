import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { type AddressInfo, connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createRecorder, requireProgram } from "@enfilade/testing";
import { hear } from "../hear.ts";
import type { Burst } from "./redis-worker.ts";
import { start } from "./worker.ts";

const worker = new URL("redis-worker.ts", import.meta.url);
const CALLERS = 50;
/** Enough for every key to be there; what both runs have in common goes out in the difference. */
const [FEW, MANY] = [2_000, 8_000];

/** Counts the instructions that a server takes for a decision, outside its kernel; nothing else on the machine matters. */
export async function serverInstructions(name: string): Promise<number> {
  const few = await countInstructions(name, FEW);
  return ((await countInstructions(name, MANY)) - few) / (MANY - FEW);
}

async function countInstructions(name: string, decisions: number): Promise<number> {
  const port = await freePort();
  const folder = await mkdtemp(join(tmpdir(), "enfilade-instructions-"));
  const server = spawn(
    requireProgram({ command: "valgrind", debianPackage: "valgrind" }),
    [
      ...["--tool=callgrind", `--callgrind-out-file=${join(folder, "counts")}`],
      requireProgram({ command: "redis-server", debianPackage: "redis-server" }),
      ...["--port", String(port), "--bind", "127.0.0.1", "--dir", folder, "--save", ""],
    ],
    { stdio: ["ignore", "pipe", "pipe"] },
  );
  const output = createRecorder<string>();
  for (const stream of [server.stdout, server.stderr]) {
    stream.setEncoding("utf8").on("data", (text: string) => output.record(text));
  }
  const ended = once(server, "close");
  await output.until((parts) => parts.join("").includes("Ready to accept"));
  const child = start(worker, [name, `redis://127.0.0.1:${port}`]);
  await hear(child);
  const burst: Burst = { decisions, callers: CALLERS };
  child.send(burst);
  await hear(child);
  child.disconnect();
  await once(child, "exit");
  connect(port, "127.0.0.1").resume().end("SHUTDOWN NOSAVE\r\n");
  await ended;
  await rm(folder, { recursive: true });
  return Number(/Collected : (\d+)/.exec(output.items.join(""))?.[1]);
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}
