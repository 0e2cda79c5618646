import { spawnSync } from "node:child_process";
import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";

/** A program that tests start, and the Debian package that it comes in. */
export interface Program {
  readonly command: string;
  readonly debianPackage: string;
}

/**
 * Finds a program on PATH; where it is missing and this is a Debian machine and the user is root, it
 * is installed.
 *
 * @returns the path of the program
 * @throws where it can be neither found nor installed, saying what to install: a test that needs it
 *   fails, and is never skipped
 */
export function requireProgram(program: Program): string {
  const found = findOnPath(program.command);
  if (found !== undefined) return found;
  if (process.getuid?.() === 0 && findOnPath("apt-get") !== undefined) install(program);
  const installed = findOnPath(program.command);
  if (installed !== undefined) return installed;
  throw new Error(
    `The tests need "${program.command}", and it is not on PATH. ` +
      `Install it (on Debian and Ubuntu: apt-get install ${program.debianPackage}) and try again.`,
  );
}

/** Finds a program on PATH. */
export function findOnPath(command: string): string | undefined {
  return (process.env.PATH ?? "")
    .split(delimiter)
    .map((folder) => join(folder, command))
    .find((file) => {
      try {
        accessSync(file, constants.X_OK);
        return true;
      } catch {
        return false;
      }
    });
}

/** Test files run in parallel processes: the lock lets one install while the others wait for it. */
function install({ command, debianPackage }: Program): void {
  const script = `command -v ${command} || { apt-get update && apt-get install --yes ${debianPackage}; }`;
  const result = spawnSync("flock", ["/var/lock/enfilade-tests.lock", "sh", "-c", script], {
    env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" },
    encoding: "utf8",
  });
  if (result.status !== 0) {
    throw new Error(`apt-get install ${debianPackage} failed:\n${result.stdout}${result.stderr}`);
  }
}
