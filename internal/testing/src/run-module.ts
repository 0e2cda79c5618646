import { spawn } from "node:child_process";
import { once } from "node:events";

/** How a module ended that was run in a process of its own. */
export interface ModuleRun {
  /** `undefined` where it was killed because it had not ended in time. */
  readonly exitCode: number | undefined;
  /** Its standard output and standard error, as they came. */
  readonly output: string;
}

/** Long enough for a cold start on a busy machine; a module that listens never ends. */
const TIME_LIMIT_MS = 20_000;

/**
 * Runs a TypeScript module from source in a process of its own, on the Node that runs the tests.
 *
 * @param file - the module; what it imports is resolved from where it lies
 * @param directory - the working directory, a package's folder
 */
export async function runModule(
  file: string,
  directory: string,
  timeLimitMs: number = TIME_LIMIT_MS,
): Promise<ModuleRun> {
  // Absolute, because not every package that is run here depends on tsx itself.
  const loader = import.meta.resolve("tsx");
  const child = spawn(
    process.execPath,
    ["--conditions=@enfilade/source", "--import", loader, file],
    { cwd: directory, env: plainEnvironment(), stdio: ["ignore", "pipe", "pipe"] },
  );
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text: string) => {
      output += text;
    });
  }
  let late = false;
  const timer = setTimeout(() => {
    late = true;
    child.kill("SIGKILL");
  }, timeLimitMs);
  await once(child, "close");
  clearTimeout(timer);
  return late
    ? { exitCode: undefined, output: `${output}\n(killed: it did not end in ${timeLimitMs} ms)` }
    : { exitCode: child.exitCode ?? 1, output };
}

/** A reader's process knows nothing of the test runner that has started this one. */
function plainEnvironment(): NodeJS.ProcessEnv {
  const isOfVitest = (name: string) => /^(VITE|VITEST|TEST|NODE_ENV|NODE_OPTIONS)(_|$)/.test(name);
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !isOfVitest(name)));
}
