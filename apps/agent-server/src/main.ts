import { problemWithNode } from "./node-version.ts";

const problem = problemWithNode(process.versions.node);
if (problem === undefined) {
  // Not before: an older Node cannot even load it.
  await import("./serve.ts");
} else {
  process.stderr.write(`${problem}\n`);
  process.exitCode = 1;
}
