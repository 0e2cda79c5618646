import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { CLIENTS } from "./clients.ts";
import { conductTable } from "./conduct.ts";

test("the README tells of each client what the tests have seen of it", () => {
  const readme = readFileSync(new URL("../../README.md", import.meta.url), "utf8");
  expect(readme).toContain(conductTable(CLIENTS));
});
