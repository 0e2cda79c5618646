import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { runForeignSuite } from "../src/index.ts";

/** A package of somebody else's, with the tests that it ships. */
function foreignPackage(tests: string): string {
  const directory = realpathSync(mkdtempSync(join(tmpdir(), "foreign-")));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  mkdirSync(join(directory, "test"));
  writeFileSync(join(directory, "package.json"), '{ "type": "commonjs" }');
  writeFileSync(join(directory, "index.js"), "module.exports = () => 'theirs'");
  writeFileSync(join(directory, "test/one.test.js"), tests);
  writeFileSync(join(directory, "ours.ts"), "export default (): string => 'ours';");
  return directory;
}

function run(directory: string, rewrites = {}) {
  return runForeignSuite({
    directory,
    files: ["test/one.test.js"],
    subjects: [".."],
    replacement: join(directory, "ours.ts"),
    resolveFrom: join(import.meta.dirname, ".."),
    rewrites,
  });
}

it("runs the tests against the replacement, and tells each by its name", async () => {
  const directory = foreignPackage(`
    const { describe, test } = require("node:test");
    const assert = require("node:assert");
    const subject = require("..").default;
    test("is ours", () => assert.equal(subject(), "ours"));
    describe("a suite", () => {
      test("is theirs", () => assert.equal(subject(), "theirs"));
      test("is theirs", () => console.log("printed in between"));
    });
    test("finds what only we depend on", () => assert.ok(require("fastify")()));
  `);
  expect(await run(directory)).toMatchObject([
    { name: "one > is ours", passed: true },
    {
      name: "one > a suite > is theirs",
      passed: false,
      why: expect.stringContaining("AssertionError"),
    },
    { name: "one > a suite > is theirs (2)", passed: true },
    { name: "one > finds what only we depend on", passed: true },
  ]);
});

it("replaces texts of the tests first", async () => {
  const directory = foreignPackage(`
    require("node:test")("says hello", () => require("node:assert").equal("hello", "goodbye"));
  `);
  expect(await run(directory, { goodbye: "hello" })).toMatchObject([{ passed: true }]);
});

it("fails where no test has run, and says why", async () => {
  const directory = foreignPackage('require("nowhere-to-be-found")');
  await expect(run(directory)).rejects.toThrow(/has run no test:[\s\S]*nowhere-to-be-found/);
});
