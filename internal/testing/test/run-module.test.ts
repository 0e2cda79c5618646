import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { runModule } from "../src/index.ts";

/** Below this package, so that Node takes the module for ESM and finds its dependencies. */
function folderWith(files: Record<string, string>): string {
  const folder = mkdtempSync(join(import.meta.dirname, ".readme-blocks-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  return folder;
}

describe("a module run by itself", () => {
  it("is TypeScript, and finds its package by name under the source condition", async () => {
    const folder = folderWith({
      "package.json": JSON.stringify({
        name: "@example/self",
        type: "module",
        exports: { ".": { "@enfilade/source": "./src/index.ts", default: "./dist/missing.js" } },
      }),
      "src/index.ts": "export const answer: number = 42;",
      "blocks/one.ts": 'import { answer } from "@example/self"; console.log(answer as number);',
    });
    expect(await runModule(join(folder, "blocks/one.ts"), folder)).toEqual({
      exitCode: 0,
      output: "42\n",
    });
  });

  it("does not see that a test runner has started it", async () => {
    const folder = folderWith({
      "one.ts": "console.log(process.env.VITEST, process.env.NODE_ENV);",
    });
    expect((await runModule(join(folder, "one.ts"), folder)).output).toBe("undefined undefined\n");
  });

  it("hands back its exit code and what it said when it fails", async () => {
    const folder = folderWith({ "one.ts": 'throw new Error("assertion failed");' });
    const { exitCode, output } = await runModule(join(folder, "one.ts"), folder);
    expect(exitCode).toBe(1);
    expect(output).toContain("assertion failed");
  });

  it("is killed when it does not end by itself", async () => {
    const folder = folderWith({ "one.ts": "setInterval(() => {}, 1_000);" });
    const { exitCode, output } = await runModule(join(folder, "one.ts"), folder, 300);
    expect(exitCode).toBe(undefined);
    expect(output).toContain("did not end");
  });
});
