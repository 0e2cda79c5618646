import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";

/** Starts a worker program: on what was built, whatever this process runs on. It can weigh itself. */
export function start(program: URL, args: readonly string[]): ChildProcess {
  const execArgv = process.execArgv.filter((flag) => !flag.startsWith("--conditions"));
  return fork(program, args, { execArgv: [...execArgv, "--expose-gc"] });
}

/** The next thing that a worker says; rejects where it ends without a word. */
export async function hear<Said>(worker: ChildProcess): Promise<Said> {
  const heard = new AbortController();
  const { signal } = heard;
  const ended = once(worker, "exit", { signal }).then(([code]) => {
    throw new Error(`The worker has ended with ${String(code)}`);
  });
  try {
    const [said] = await Promise.race([once(worker, "message", { signal }), ended]);
    return said as Said;
  } finally {
    heard.abort();
  }
}

/** Runs a worker that says one thing. */
export async function tell<Said>(program: URL, args: readonly string[]): Promise<Said> {
  const worker = start(program, args);
  const said = await hear<Said>(worker);
  if (worker.exitCode === null) await once(worker, "exit");
  return said;
}
