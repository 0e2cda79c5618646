import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { isPublishable, root, workspacePackages } from "../../../scripts/workspace.ts";

const sourceCondition = "@enfilade/source";
type Exports = Record<string, string | Record<string, string>>;

/** What npm gets: the same entries without the one that only this repository knows. */
function withoutSource(exports: Exports): Exports {
  return Object.fromEntries(
    Object.entries(exports).map(([entry, target]) => {
      if (typeof target === "string") return [entry, target];
      const { [sourceCondition]: _, ...published } = target;
      return [entry, published];
    }),
  );
}

const privateNames = workspacePackages()
  .filter((entry) => !isPublishable(entry))
  .map(({ manifest }) => manifest.name);

const read = (...path: string[]) => readFileSync(join(...path), "utf8");

describe.each(
  workspacePackages()
    .filter(isPublishable)
    .map(({ path, directory }) => ({ path, directory })),
)("the published package $path", ({ path, directory }) => {
  const manifest = JSON.parse(read(directory, "package.json"));

  it("describes itself for npm", () => {
    expect(manifest).toMatchObject({
      description: expect.stringMatching(/\w/),
      keywords: expect.arrayContaining(["enfilade"]),
      license: "MIT",
      type: "module",
      sideEffects: false,
      engines: { node: ">=20.19" },
      repository: { directory: path },
      publishConfig: { access: "public" },
      files: expect.arrayContaining(["dist", "src", "!dist/.tsbuildinfo", "CHANGELOG.md"]),
    });
  });

  it("is checked with the others", () => {
    expect(manifest.scripts?.["check:package"]).toBe(
      "publint --strict && attw --pack . --profile esm-only",
    );
  });

  it("exports to npm what it exports here, less the source condition", () => {
    expect(manifest.publishConfig.exports).toEqual(withoutSource(manifest.exports));
  });

  it("leads every entry to a source that exists, before any other condition", () => {
    for (const target of Object.values(manifest.exports as Exports)) {
      if (typeof target === "string") continue;
      expect(Object.keys(target)[0]).toBe(sourceCondition);
      expect(existsSync(join(directory, target[sourceCondition] ?? "missing"))).toBe(true);
    }
  });

  it("takes Fastify from its user, never a copy of its own", () => {
    expect(manifest.dependencies).not.toHaveProperty("fastify");
  });

  it("takes nothing that is private along", () => {
    const { dependencies = {}, peerDependencies = {} } = manifest;
    const names = Object.keys({ ...dependencies, ...peerDependencies });
    expect(names.filter((name) => privateNames.includes(name))).toEqual([]);
  });

  it("takes every version from the catalog or the workspace", () => {
    const { dependencies = {}, devDependencies = {} } = manifest;
    for (const range of Object.values({ ...dependencies, ...devDependencies })) {
      expect(range).toMatch(/^(catalog:|workspace:[\^*])$/);
    }
  });

  it("carries its licence, its README and its changelog", () => {
    expect(read(directory, "LICENSE")).toBe(read(root, "LICENSE"));
    expect(read(directory, "README.md")).toMatch(/^# /);
    expect(read(directory, "CHANGELOG.md")).toContain(`# ${manifest.name}`);
  });
});
