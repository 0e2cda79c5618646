import { spawn } from "node:child_process";
import { once } from "node:events";
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { createRequire } from "node:module";
import { dirname, join, relative } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { root, workspacePackages } from "../../../scripts/workspace.ts";
import { type ReadmeBlock, readmeBlocks, runModule } from "../src/index.ts";

/** What documents of no package in particular import is resolved from the app that has it all. */
const umbrella = join(root, "apps/agent-server");
/** Blocks are written into the package, so that its name and its dependencies resolve as for a user. */
const blocksFolder = ".readme-blocks";

interface Module {
  readonly title: string;
  readonly file: string;
  readonly directory: string;
  /** Only for modules that do not lie in the repository themselves. */
  readonly code?: string;
}

const packageFolders = workspacePackages()
  .filter(({ path }) => /^(packages|apps)\//.test(path))
  .map(({ directory }) => directory);

function entries(path: string): string[] {
  const folder = join(root, path);
  return existsSync(folder)
    ? readdirSync(folder, { recursive: true, encoding: "utf8" }).sort()
    : [];
}

function documents(): { file: string; directory: string }[] {
  const general = [...readdirSync(root), ...entries("docs").map((name) => join("docs", name))]
    .filter((name) => name.endsWith(".md"))
    .map((name) => ({ file: join(root, name), directory: umbrella }));
  const own = packageFolders
    .map((directory) => ({ file: join(directory, "README.md"), directory }))
    .filter(({ file }) => existsSync(file));
  return [...general, ...own];
}

function toModule(file: string, directory: string, block: ReadmeBlock): Module {
  const title = `${relative(root, file)}:${block.line}`;
  const name = `${title.replaceAll(/[^A-Za-z0-9]+/g, "-")}.ts`;
  return { title, directory, file: join(directory, blocksFolder, name), code: block.code };
}

const blocks = documents().flatMap(({ file, directory }) =>
  readmeBlocks(file)
    .filter((block) => block.runs)
    .map((block) => toModule(file, directory, block)),
);
const examples: Module[] = packageFolders.flatMap((directory) => {
  const folder = join(directory, "examples");
  return (existsSync(folder) ? readdirSync(folder) : [])
    .filter((name) => name.endsWith(".ts"))
    .map((name) => join(folder, name))
    .map((file) => ({ title: relative(root, file), file, directory }));
});

beforeAll(() => {
  for (const { file, code } of blocks) {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, code ?? "");
  }
});
afterAll(() => {
  for (const { file } of blocks) rmSync(dirname(file), { recursive: true, force: true });
});

const INSTALL = /^npm (?:install|i) (?<names>[^#\n]*)/gm;
const IMPORT = /^(?:import|export)\b[^"]*"(?<name>(?:@[^"/]+\/)?[^"/.][^"/]*)/gm;
const LINK = /\]\((?<target>[^()\s]+)\)/g;
const OWN = /^https:\/\/github\.com\/enfilade\/enfilade\/(?:blob|tree)\/main\//;

/** What a reader has who has followed the install lines of a README. */
function installed(text: string): string[] {
  return [...text.matchAll(INSTALL)].flatMap(
    ({ groups }) => groups?.names?.trim().split(/\s+/) ?? [],
  );
}

function imported(code: string): string[] {
  return [...code.matchAll(IMPORT)]
    .map(({ groups }) => groups?.name ?? "")
    .filter((name) => !name.startsWith("node:"));
}

/** The text without what is fenced: code links nowhere. */
function prose(file: string): string {
  return readFileSync(file, "utf8").replaceAll(/^( {0,3})(`{3,}|~{3,}).*?^ {0,3}\2\s*$/gms, "");
}

/** The anchors that GitHub makes of the headings of a document, and its own. */
function anchorsOf(file: string): Set<string> {
  const text = prose(file);
  const times = new Map<string, number>();
  const headings = [...text.matchAll(/^#{1,6} +(.+)$/gm)].map(([, heading = ""]) => {
    const words = heading
      .replaceAll(/\[([^\]]*)\]\([^)]*\)/g, "$1")
      .trim()
      .toLowerCase();
    const slug = words.replaceAll(/[^\p{L}\p{M}\p{N}_ -]/gu, "").replaceAll(" ", "-");
    const before = times.get(slug) ?? 0;
    times.set(slug, before + 1);
    return before === 0 ? slug : `${slug}-${before}`;
  });
  const own = [...text.matchAll(/<a (?:id|name)="([^"]+)"/g)].map(([, id = ""]) => id);
  return new Set([...headings, ...own]);
}

/** Links that lead to nothing: no such file or folder, or no such heading in it. */
function deadLinks(file: string): string[] {
  const targets = [...prose(file).matchAll(LINK)].map(({ groups }) => groups?.target ?? "");
  return targets.filter((target) => {
    if (/^[a-z]+:/.test(target) && !OWN.test(target)) return false;
    const [path = "", anchor] = target.replace(OWN, "").split("#");
    const place = path === "" ? file : join(OWN.test(target) ? root : dirname(file), path);
    if (!existsSync(place)) return true;
    const readme = statSync(place).isDirectory() ? join(place, "README.md") : place;
    if (anchor === undefined || !readme.endsWith(".md")) return false;
    return !existsSync(readme) || !anchorsOf(readme).has(anchor);
  });
}

describe("a document", () => {
  for (const { file } of documents()) {
    it(`links to what is there: ${relative(root, file)}`, () => {
      expect(deadLinks(file)).toEqual([]);
    });
  }

  for (const directory of packageFolders) {
    const file = join(directory, "README.md");
    const first = readmeBlocks(file)[0];
    if (first === undefined || !relative(root, file).startsWith("packages/")) continue;
    it(`has all that its first example imports be installed: ${relative(root, file)}`, () => {
      expect(imported(first.code)).not.toEqual([]);
      expect(installed(readFileSync(file, "utf8"))).toEqual(
        expect.arrayContaining(imported(first.code)),
      );
    });
  }
});

describe.concurrent("the documentation", () => {
  for (const { title, file, directory } of [...blocks, ...examples]) {
    it(`runs as it stands: ${title}`, { timeout: 60_000 }, async () => {
      const { exitCode, output } = await runModule(file, directory);
      expect(exitCode, `${title} failed:\n${output}`).toBe(0);
    });
  }

  it("type-checks in every block that runs", { timeout: 60_000 }, async () => {
    const project = join(import.meta.dirname, `${blocksFolder}-${process.pid}.json`);
    const files = [import.meta.filename, ...blocks.map(({ file }) => file)];
    // A reader's module is no library: what it exports may be inferred.
    const compilerOptions = { declaration: false, isolatedDeclarations: false };
    const config = { extends: join(root, "tsconfig.json"), compilerOptions, include: [], files };
    writeFileSync(project, JSON.stringify(config));
    try {
      const manifest = createRequire(import.meta.url).resolve("typescript/package.json");
      const compiler = join(dirname(manifest), "bin/tsc");
      const check = spawn(process.execPath, [compiler, "-p", project], { cwd: root });
      let output = "";
      check.stdout.on("data", (text) => {
        output += text;
      });
      const [exitCode] = await once(check, "close");
      expect(exitCode, output).toBe(0);
    } finally {
      rmSync(project);
    }
  });
});
