import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";

/** A test suite that an npm package ships, to be run against something else than that package. */
export interface ForeignSuite {
  /** The folder of the npm package. */
  readonly directory: string;
  /** Its test files, relative to the folder; written for `node:test` as CommonJS. */
  readonly files: readonly string[];
  /** What the tests get when they require the package by a relative path, such as `..`. */
  readonly subjects: readonly string[];
  /** The module that they get instead: TypeScript, its default export in the place of the package's. */
  readonly replacement: string;
  /**
   * Texts of the test files that are replaced before they run, where what a test is about would not be reached for a
   * detail that it is not about.
   */
  readonly rewrites?: Readonly<Record<string, string>>;
  /** The folder from which everything that the package itself does not have is resolved. */
  readonly resolveFrom: string;
}

/** How one test of a foreign suite ended. */
export interface ForeignTest {
  /** `file > test`, with the names of its parents between; a repeated name gets a number. */
  readonly name: string;
  readonly passed: boolean;
  /** The first line of what it failed with. */
  readonly why: string;
}

/** What the reporter writes about a test that has ended. */
export interface ForeignReport {
  readonly path: readonly string[];
  readonly passed: boolean;
  readonly why: string;
}

/** Hands the suite over to the process that runs it. */
export const FOREIGN_SUITE = "ENFILADE_FOREIGN_SUITE";

/** A test that waits for what never comes must not keep the others' results from being seen. */
const TIME_LIMIT_MS = 60_000;

/** Files that run at once: some of them only wait for most of their time. */
const AT_ONCE = 4;

/**
 * Runs the tests that an npm package ships with the module under test replaced, each file in a process of its own.
 * Tells how well a wrapper keeps what the package promises.
 *
 * @example
 * const results = await runForeignSuite({
 *   directory: "node_modules/@fastify/cors",
 *   files: ["test/cors.test.js"],
 *   subjects: ["..", "../"],
 *   replacement: join(import.meta.dirname, "adapter.ts"),
 *   resolveFrom: join(import.meta.dirname, ".."),
 * });
 */
export async function runForeignSuite(suite: ForeignSuite): Promise<ForeignTest[]> {
  const results: ForeignTest[] = [];
  const seen = new Map<string, number>();
  const reports = await runFiles(suite);
  for (const [index, file] of suite.files.entries()) {
    for (const { path, passed, why } of reports[index] ?? []) {
      const name = [file.replace(/^.*\//, "").replace(/\.test\.js$/, ""), ...path].join(" > ");
      const times = (seen.get(name) ?? 0) + 1;
      seen.set(name, times);
      results.push({ name: times === 1 ? name : `${name} (${times})`, passed, why });
    }
  }
  return results;
}

/** Gives the reports in the order of the files, whichever of them ends first. */
async function runFiles(suite: ForeignSuite): Promise<readonly ForeignReport[][]> {
  const reports: ForeignReport[][] = [];
  const left = suite.files.entries();
  const work = async () => {
    for (const [index, file] of left) reports[index] = await runFile(suite, file);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return reports;
}

async function runFile(suite: ForeignSuite, file: string): Promise<ForeignReport[]> {
  const child = spawn(
    process.execPath,
    [
      "--conditions=@enfilade/source",
      ...[
        "--import",
        import.meta.resolve("tsx"),
        "--import",
        import.meta.resolve("./foreign-suite-alias.ts"),
      ],
      ...[
        "--test-reporter",
        import.meta.resolve("./foreign-suite-reporter.ts"),
        "--test-reporter-destination",
        "stdout",
      ],
      join(suite.directory, file),
    ],
    {
      cwd: suite.directory,
      env: { PATH: process.env.PATH, [FOREIGN_SUITE]: JSON.stringify(suite) },
      stdio: ["ignore", "pipe", "pipe"],
    },
  );
  const reports: ForeignReport[] = [];
  let errors = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    errors += text;
  });
  createInterface({ input: child.stdout }).on("line", (line) => {
    // What tests print themselves stands between the reports.
    if (line.startsWith('{"path":')) reports.push(JSON.parse(line));
  });
  const timer = setTimeout(() => child.kill("SIGKILL"), TIME_LIMIT_MS);
  await once(child, "close");
  clearTimeout(timer);
  if (reports.length === 0) throw new Error(`${file} has run no test:\n${errors}`);
  return reports;
}
