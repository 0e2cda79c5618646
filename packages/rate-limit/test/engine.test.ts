import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { type ForeignTest, runForeignSuite } from "@enfilade/testing";
import { expect, it } from "vitest";
import { DIFFERENCES } from "./engine/differences.ts";

const directory = dirname(fileURLToPath(import.meta.resolve("@fastify/rate-limit")));

function runAgainst(replacement: string): Promise<ForeignTest[]> {
  return runForeignSuite({
    directory,
    // redis-rate-limit.test.js wants a server on port 6379, and hands its client over; see redis.test.ts.
    files: [
      "test/create-rate-limit.test.js",
      "test/exponential-backoff.test.js",
      "test/global-rate-limit.test.js",
      "test/group-rate-limit.test.js",
      "test/ip-normalization.test.js",
      "test/local-store-close.test.js",
      "test/not-found-handler-rate-limited.test.js",
      "test/route-rate-limit.test.js",
      "test/github-issues/issue-207.test.js",
      "test/github-issues/issue-215.test.js",
      "test/github-issues/issue-284.test.js",
    ],
    subjects: ["../index", "../../index"],
    replacement: fileURLToPath(replacement),
    rewrites: {
      // A test that fails leaves its clock to the next one, which would fail for that alone.
      "const clock = mock.timers": "mock.timers.reset(); const clock = mock.timers",
      // Where time is real, a busy machine would decide: the adapter's clock moves instead.
      "new Promise((resolve) => setTimeout(resolve, ms))": "Promise.resolve(globalThis.slept(ms))",
    },
    resolveFrom: join(import.meta.dirname, ".."),
  });
}

const names = (tests: readonly ForeignTest[], passed: boolean) =>
  tests.filter((test) => test.passed === passed).map(({ name }) => name);

it("passes the tests of @fastify/rate-limit but for the differences that are meant", {
  timeout: 180_000,
}, async () => {
  const [results, stub] = await Promise.all([
    runAgainst(import.meta.resolve("./engine/adapter.ts")),
    runAgainst(import.meta.resolve("./engine/stub.ts")),
  ]);
  const meant = DIFFERENCES.flatMap(({ tests }) => tests);
  expect(names(results, false).toSorted()).toEqual(meant.toSorted());

  expect(stub.map(({ name }) => name)).toEqual(results.map(({ name }) => name));
  const score = {
    tests: results.length,
    passed: names(results, true).length,
    stub: names(stub, true).length,
  };
  // What the README tells.
  expect(score).toEqual({ tests: 98, passed: 50, stub: 11 });
});
