import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { findBrowser } from "../src/index.ts";

/** Leaves one program on PATH, or none. */
function onlyOnPath(command?: string): string {
  const folder = mkdtempSync(join(tmpdir(), "enfilade-path-"));
  const path = process.env.PATH;
  onTestFinished(() => {
    process.env.PATH = path;
    rmSync(folder, { recursive: true });
  });
  process.env.PATH = folder;
  if (command !== undefined) writeFileSync(join(folder, command), "", { mode: 0o755 });
  return folder;
}

describe("the browser for tests", () => {
  it.each(["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"])(
    "may be on PATH as %s",
    (command) => {
      const folder = onlyOnPath(command);
      expect(findBrowser()).toBe(join(folder, command));
    },
  );

  it("is missed loudly where there is none and none can be installed", () => {
    onlyOnPath();
    const written = vi.spyOn(process.stderr, "write").mockReturnValue(true);
    onTestFinished(() => written.mockRestore());
    expect(findBrowser()).toBeUndefined();
    expect(written.mock.calls.join("")).toContain("THE TESTS IN A REAL BROWSER DO NOT RUN");
    expect(written.mock.calls.join("")).toContain("apt-get install chromium");
  });
});
