import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { root, workspacePackages } from "../../../scripts/workspace.ts";

const page = readFileSync(join(root, "docs/findings.md"), "utf8");

/** Findings are plain objects: a code, and next to it a severity. */
const FINDING = /code: "([A-Z_]+)",\s*severity: "(error|warning|info)"/g;

test("docs/findings.md tells symptom, cause and fix of every finding that a layer can make", () => {
  const findings = workspacePackages()
    .filter(({ path }) => path.startsWith("packages/"))
    .flatMap(({ directory }) => {
      const source = join(directory, "src");
      const files = readdirSync(source, { recursive: true, encoding: "utf8" });
      return files
        .filter((file) => file.endsWith(".ts"))
        .flatMap((file) => [...readFileSync(join(source, file), "utf8").matchAll(FINDING)]);
    });
  expect(findings.length).toBeGreaterThan(10);
  for (const [, code, severity] of findings) {
    const section = page.split(/^### /m).find((text) => text.startsWith(`${code}\n`));
    expect(section, code).toBeDefined();
    expect(section, code).toContain(`\n${severity}\n`);
    expect(section, code).toContain("**Cause**");
    expect(section, code).toContain("**Fix**");
  }
});
