/** What every script needs to know of the workspace: which packages there are, and where. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

export const root: string = dirname(dirname(fileURLToPath(import.meta.url)));

export interface Manifest {
  readonly name: string;
  readonly version?: string;
  readonly private?: boolean;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
}

export interface WorkspacePackage {
  /** Relative to the root, with forward slashes: `packages/layer`. */
  readonly path: string;
  readonly directory: string;
  readonly manifest: Manifest;
  /** Private packages that only tests use have no build of their own. */
  readonly built: boolean;
}

/** Lists the packages on disk, in the order of their paths. */
export function workspacePackages(): WorkspacePackage[] {
  const parents = ["packages", "apps", "internal"].filter((parent) =>
    existsSync(join(root, parent)),
  );
  const paths = parents.flatMap((parent) =>
    readdirSync(join(root, parent)).map((folder) => `${parent}/${folder}`),
  );
  return ["bench", ...paths.sort()].flatMap((path) => {
    const directory = join(root, path);
    const manifestFile = join(directory, "package.json");
    if (!existsSync(manifestFile)) return [];
    const manifest = JSON.parse(readFileSync(manifestFile, "utf8")) as Manifest;
    return [{ path, directory, manifest, built: /^(packages|apps)\//.test(path) }];
  });
}

/** Tells which packages go to npm. */
export function isPublishable(entry: WorkspacePackage): boolean {
  return entry.manifest.private !== true;
}
