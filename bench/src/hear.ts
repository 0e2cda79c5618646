import type { ChildProcess } from "node:child_process";
import { once } from "node:events";

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
