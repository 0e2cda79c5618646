import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { readmeBlocks } from "../src/index.ts";

function markdown(...lines: string[]): string {
  const folder = mkdtempSync(join(tmpdir(), "enfilade-readme-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const file = join(folder, "README.md");
  writeFileSync(file, lines.join("\n"));
  return file;
}

describe("the blocks of a README", () => {
  it("are its fenced ts blocks, with the line where each begins", () => {
    const file = markdown("# Name", "```ts", "const a = 1;", "```", "```sh", "ls", "```");
    expect(readmeBlocks(file)).toEqual([{ line: 3, code: "const a = 1;\n", runs: true }]);
  });

  it("do not run when they are marked no-run", () => {
    const file = markdown("```ts no-run", "listen();", "```");
    expect(readmeBlocks(file)).toEqual([{ line: 2, code: "listen();\n", runs: false }]);
  });

  it("leave out what a longer fence quotes", () => {
    const file = markdown("````md", "```ts", "quoted", "```", "````", "~~~ts", "own", "~~~");
    expect(readmeBlocks(file).map((block) => block.code)).toEqual(["own\n"]);
  });

  it("refuse a mark that is neither ts nor ts no-run, and a fence without an end", () => {
    expect(() => readmeBlocks(markdown("```ts norun", "```"))).toThrow('"ts norun"');
    expect(() => readmeBlocks(markdown("```typescript", "```"))).toThrow('"typescript"');
    expect(() => readmeBlocks(markdown("text", "```ts", "a"))).toThrow(":2: this fence");
  });
});
