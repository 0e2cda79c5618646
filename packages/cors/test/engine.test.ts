import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { type ForeignTest, runForeignSuite } from "@enfilade/testing";
import { expect, it } from "vitest";
import { DIFFERENCES } from "./engine/differences.ts";

const directory = dirname(createRequire(import.meta.url).resolve("@fastify/cors"));

// The tests call their origins by bare hosts, which no browser sends and which the layer refuses unasked.
const HOSTS = ["example.com", "other.io", "sample.com", "foo.com", "www.example.com"];

function runAgainst(replacement: string): Promise<ForeignTest[]> {
  return runForeignSuite({
    directory,
    // vary.test.js is about an inner module of the engine, which stays in use.
    files: ["test/cors.test.js", "test/hooks.test.js", "test/preflight.test.js"],
    subjects: ["..", "../"],
    replacement: fileURLToPath(replacement),
    rewrites: Object.fromEntries(HOSTS.map((host) => [`'${host}'`, `'https://${host}'`])),
    resolveFrom: join(import.meta.dirname, ".."),
  });
}

const names = (tests: readonly ForeignTest[], passed: boolean) =>
  tests.filter((test) => test.passed === passed).map(({ name }) => name);

it("passes the engine's own tests but for the differences that are meant", {
  timeout: 120_000,
}, async () => {
  const results = await runAgainst(import.meta.resolve("./engine/adapter.ts"));
  const meant = DIFFERENCES.flatMap(({ tests }) => tests);
  expect(names(results, false).toSorted()).toEqual(meant.toSorted());

  const stub = await runAgainst(import.meta.resolve("./engine/stub.ts"));
  expect(stub.map(({ name }) => name)).toEqual(results.map(({ name }) => name));
  const score = {
    tests: results.length,
    passed: names(results, true).length,
    stub: names(stub, true).length,
  };
  // What the README tells.
  expect(score).toEqual({ tests: 63, passed: 19, stub: 1 });
});
