import { existsSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { dirname, join, relative, sep } from "node:path";

/** A markdown file; `path` is relative to the repository, with forward slashes. */
export interface MarkdownDocument {
  readonly path: string;
  readonly text: string;
}

const skipped = new Set(["node_modules", "dist", "coverage", "data"]);

/** Finds the repository that a folder lies in, or nothing where the server runs without one. */
export function findRepository(from: string): string | undefined {
  for (let folder = from; ; folder = dirname(folder)) {
    if (existsSync(join(folder, "pnpm-workspace.yaml"))) return folder;
    if (dirname(folder) === folder) return undefined;
  }
}

/** Reads every `README.md` and every markdown file below `docs/` of a repository, ordered by path. */
export async function readDocuments(repository: string): Promise<MarkdownDocument[]> {
  const paths = await markdownBelow(repository, repository);
  const wanted = paths.filter((path) => path.startsWith("docs/") || /(^|\/)README\.md$/.test(path));
  return Promise.all(
    wanted
      .sort()
      .map(async (path) => ({ path, text: await readFile(join(repository, path), "utf8") })),
  );
}

async function markdownBelow(folder: string, repository: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true });
  const found = await Promise.all(
    entries.map((entry): string[] | Promise<string[]> => {
      const path = join(folder, entry.name);
      if (entry.isFile() && entry.name.endsWith(".md")) {
        return [relative(repository, path).split(sep).join("/")];
      }
      const worth = entry.isDirectory() && !entry.name.startsWith(".") && !skipped.has(entry.name);
      return worth ? markdownBelow(path, repository) : [];
    }),
  );
  return found.flat();
}
