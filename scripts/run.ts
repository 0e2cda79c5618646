import { spawn } from "node:child_process";
import { once } from "node:events";

/** Runs a program with its output in this terminal; a failure is an error that names the command. */
export async function run(
  command: string,
  args: readonly string[],
  options: { readonly cwd: string },
): Promise<void> {
  const child = spawn(command, args, { ...options, stdio: ["ignore", "inherit", "inherit"] });
  const [exitCode, signal] = await once(child, "exit");
  if (exitCode === 0) return;
  throw new Error(
    `${[command, ...args].join(" ")} ended with ${signal ?? `exit code ${exitCode}`}`,
  );
}
