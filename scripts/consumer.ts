/**
 * A user's project: an empty folder outside the workspace, in which npm has installed the tarballs
 * that would be published. What works there works for whoever installs the packages.
 */
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { run } from "./run.ts";
import { smokeOptions } from "./smoke-options.ts";
import { isPublishable, root, workspacePackages } from "./workspace.ts";

/** Packs every publishable package, which must be built, and installs the tarballs. */
export async function createConsumer(): Promise<{ directory: string; remove(): void }> {
  const directory = mkdtempSync(join(tmpdir(), "enfilade-consumer-"));
  const tarballs = join(directory, "tarballs");
  mkdirSync(tarballs);
  const packages = workspacePackages().filter(isPublishable);
  const dependencies: Record<string, string> = {};
  for (const { manifest, directory: cwd } of packages) {
    const file = `${manifest.name.replace("@", "").replace("/", "-")}-${manifest.version}.tgz`;
    await run("pnpm", ["pack", "--silent", "--pack-destination", tarballs], { cwd });
    dependencies[manifest.name] = `file:tarballs/${file}`;
  }
  const project = { private: true, type: "module", dependencies, names: Object.keys(dependencies) };
  writeFileSync(join(directory, "package.json"), JSON.stringify(project, null, 2));
  writeFileSync(join(directory, "options.json"), JSON.stringify(smokeOptions));
  copyFileSync(join(root, "scripts/consumer-check.mjs"), join(directory, "check.mjs"));
  const quiet = ["--no-audit", "--no-fund", "--no-package-lock", "--loglevel=error"];
  await run("npm", ["install", ...quiet], { cwd: directory });
  return { directory, remove: () => rmSync(directory, { recursive: true }) };
}
