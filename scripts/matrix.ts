/**
 * Runs the packed packages and the whole test suite on every Node that is supported.
 *
 * `matrix 22` runs one version only; `--skip-tests-on-current` leaves out what `npm test` has just done.
 */
import { parseArgs } from "node:util";
import { createConsumer } from "./consumer.ts";
import { run } from "./run.ts";
import { root } from "./workspace.ts";

const supported = ["20", "22", "24"];
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { "skip-tests-on-current": { type: "boolean", default: false } },
});
const unknown = positionals.filter((version) => !supported.includes(version));
if (unknown.length > 0) throw new Error(`Not among ${supported.join(", ")}: ${unknown.join(", ")}`);

const current = process.versions.node.split(".")[0];
const consumer = await createConsumer();
try {
  for (const version of positionals.length > 0 ? positionals : supported) {
    const node = ["--yes", `--package=node@${version}`, "--", "node"];
    await run("npx", [...node, "check.mjs"], { cwd: consumer.directory });
    if (values["skip-tests-on-current"] && version === current) continue;
    const vitest = "node_modules/vitest/vitest.mjs";
    await run("npx", [...node, vitest, "run", "--reporter=dot"], { cwd: root });
  }
} finally {
  consumer.remove();
}
