import { expect, test } from "vitest";
import { problemWithNode } from "../src/node-version.ts";

test.each(["18.20.8", "20.10.0", "20.18.3"])("Node %s is told to be too old", (version) => {
  expect(problemWithNode(version)).toBe(
    `This needs Node 20.19 or newer, and is run by Node ${version}.`,
  );
});

test.each(["20.19.0", "20.20.2", "22.0.0", "24.11.1", process.versions.node])(
  "Node %s will do",
  (version) => {
    expect(problemWithNode(version)).toBeUndefined();
  },
);
