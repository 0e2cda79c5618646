import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { hear } from "../hear.ts";

/** Starts a worker program: on what was built, whatever this process runs on. It can weigh itself. */
export function start(program: URL, args: readonly string[]): ChildProcess {
  const execArgv = process.execArgv.filter((flag) => !flag.startsWith("--conditions"));
  return fork(program, args, { execArgv: [...execArgv, "--expose-gc"] });
}

/** Runs a worker that says one thing. */
export async function tell<Said>(program: URL, args: readonly string[]): Promise<Said> {
  const worker = start(program, args);
  const said = await hear<Said>(worker);
  if (worker.exitCode === null) await once(worker, "exit");
  return said;
}
