import { join } from "node:path";
import { runModule } from "@enfilade/testing";
import { expect, it } from "vitest";

const folder = import.meta.dirname;

it("however an adopted plugin fails, ready() rejects and nothing escapes", async () => {
  const { exitCode, output } = await runModule(join(folder, "failing-plugins.ts"), folder);
  const lines = output.trim().split("\n");
  expect(lines.filter((line) => !line.endsWith(": on purpose"))).toEqual([]);
  expect(lines).toHaveLength(10);
  expect(exitCode).toBe(0);
});
