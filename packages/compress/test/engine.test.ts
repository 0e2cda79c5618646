import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { type ForeignTest, runForeignSuite } from "@enfilade/testing";
import { expect, it } from "vitest";
import { CODINGS } from "./apps.ts";
import { DIFFERENCES, UNSETTLED } from "./engine/differences.ts";

const directory = dirname(createRequire(import.meta.url).resolve("@fastify/compress"));

function runAgainst(replacement: string): Promise<ForeignTest[]> {
  return runForeignSuite({
    directory,
    // Those that take their time come first. utils.test.js is about inner functions of the engine.
    files: [
      "test/regression/issue-382.test.js",
      "test/regression/issue-410.test.js",
      "test/global-compress.test.js",
      "test/global-decompress.test.js",
      "test/routes-compress.test.js",
      "test/routes-decompress.test.js",
      "test/sync-compress.test.js",
      "test/regression/issue-288.test.js",
      "test/regression/issue-350.test.js",
    ],
    subjects: ["../index", "../.."],
    replacement: fileURLToPath(replacement),
    resolveFrom: join(import.meta.dirname, ".."),
  });
}

async function settledAgainst(replacement: string): Promise<readonly ForeignTest[]> {
  return (await runAgainst(replacement)).filter(({ name }) => name !== UNSETTLED);
}

// What the engine's tests require besides; without it they would not even begin.
for (const needed of [import.meta.resolve("adm-zip"), import.meta.resolve("jsonstream")]) {
  if (!needed.startsWith("file:")) throw new Error(`${needed} is not installed`);
}

const names = (tests: readonly ForeignTest[], passed: boolean) =>
  tests.filter((test) => test.passed === passed).map(({ name }) => name);

// Where Node has zstd the engine's tests are others; the list is of those that every Node runs.
it.skipIf(CODINGS.includes("zstd"))(
  "passes the tests of @fastify/compress but for the differences that are meant",
  { timeout: 180_000 },
  async () => {
    const [results, stub] = await Promise.all([
      settledAgainst(import.meta.resolve("./engine/adapter.ts")),
      settledAgainst(import.meta.resolve("./engine/stub.ts")),
    ]);
    const meant = DIFFERENCES.flatMap(({ tests }) => tests);
    expect(names(results, false).toSorted()).toEqual(meant.toSorted());

    const score = {
      tests: results.length,
      passed: names(results, true).length,
      stub: names(stub, true).length,
    };
    // What the README tells.
    expect(score).toEqual({ tests: 217, passed: 105, stub: 55 });
  },
);
