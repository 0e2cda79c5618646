import Module, { createRequire } from "node:module";
import { join, sep } from "node:path";
import { FOREIGN_SUITE, type ForeignSuite } from "./foreign-suite.ts";

/*
 * Loaded into a process that runs the tests of an npm package: what they require by a relative path as the package
 * under test is the replacement, and what they require by name is found although npm does not install it for us.
 */

interface Loader {
  prototype: { _compile(source: string, filename: string, ...rest: unknown[]): unknown };
  _resolveFilename(
    request: string,
    parent: { filename?: string } | undefined,
    ...rest: unknown[]
  ): string;
}

const suite: ForeignSuite = JSON.parse(process.env[FOREIGN_SUITE] ?? "{}");
const tests = join(suite.directory, "test") + sep;
const ours = createRequire(join(suite.resolveFrom, "package.json"));
const loader = Module as unknown as Loader;
const { _resolveFilename: resolve } = loader;
const { _compile: compile } = loader.prototype;

loader._resolveFilename = function (request, parent, ...rest) {
  if (parent?.filename?.startsWith(tests)) {
    if (suite.subjects.includes(request)) return suite.replacement;
    if (/^[@\w]/.test(request) && !request.startsWith("node:")) {
      try {
        return ours.resolve(request);
      } catch {
        // One of the package's own dependencies.
      }
    }
  }
  return resolve.call(this, request, parent, ...rest);
};

loader.prototype._compile = function (source, filename, ...rest) {
  const rewrites = filename.startsWith(tests) ? Object.entries(suite.rewrites ?? {}) : [];
  const text = rewrites.reduce((all, [from, to]) => all.replaceAll(from, to), source);
  return compile.call(this, text, filename, ...rest);
};
