/**
 * Derives the project references of `tsc -b` from the package.json files, so that nobody keeps two lists.
 *
 * `--write` writes them; without it, drift is an error that names the files. The list of all packages
 * at the root is only ever written, and not kept in git: every build makes it anew.
 */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { root, type WorkspacePackage, workspacePackages } from "./workspace.ts";

const configName = "tsconfig.build.json";
const packages = workspacePackages().filter((entry) => entry.built);
const byName = new Map(packages.map((entry) => [entry.manifest.name, entry]));

function referencesOf(entry: WorkspacePackage): { path: string }[] {
  const { dependencies, peerDependencies } = entry.manifest;
  return Object.keys({ ...dependencies, ...peerDependencies })
    .flatMap((name) => byName.get(name) ?? [])
    .map((target) => ({ path: `${relative(entry.directory, target.directory)}/${configName}` }))
    .sort((a, b) => a.path.localeCompare(b.path));
}

/** Everything else in the file stays as it is. */
function withReferences(file: string, references: { path: string }[]): string {
  const fresh = { extends: "../../tsconfig.package.json" };
  const { references: _, ...rest } = existsSync(file)
    ? JSON.parse(readFileSync(file, "utf8"))
    : fresh;
  const config = references.length === 0 ? rest : { ...rest, references };
  return `${JSON.stringify(config, null, 2)}\n`;
}

const wanted = new Map<string, string>();
for (const entry of packages) {
  const file = join(entry.directory, configName);
  wanted.set(file, withReferences(file, referencesOf(entry)));
}

// Compared as data: how a file is formatted is not this script's business.
const normal = (text: string) => JSON.stringify(JSON.parse(text));
const stale = [...wanted].filter(
  ([file, text]) => !existsSync(file) || normal(readFileSync(file, "utf8")) !== normal(text),
);

if (process.argv.includes("--write")) {
  for (const [file, text] of stale) writeFileSync(file, text);
  const all = packages.map((entry) => ({ path: `${entry.path}/${configName}` }));
  writeFileSync(join(root, configName), JSON.stringify({ files: [], references: all }));
} else if (stale.length > 0) {
  const files = stale.map(([file]) => relative(root, file)).join("\n  ");
  console.error(
    `Project references differ from package.json; run "pnpm run references":\n  ${files}`,
  );
  process.exitCode = 1;
}
