import { readFileSync } from "node:fs";

/**
 * Says what is wrong with a version of Node, if anything is.
 *
 * An older one fails all the same, at the first thing that it lacks, and in words that help nobody.
 */
export function problemWithNode(version: string): string | undefined {
  const manifest = readFileSync(new URL("../package.json", import.meta.url), "utf8");
  const { engines } = JSON.parse(manifest) as { engines: { node: string } };
  const oldest = engines.node.replace(">=", "");
  const [major = 0, minor = 0] = version.split(".").map(Number);
  const [oldestMajor = 0, oldestMinor = 0] = oldest.split(".").map(Number);
  if (major > oldestMajor || (major === oldestMajor && minor >= oldestMinor)) return undefined;
  return `This needs Node ${oldest} or newer, and is run by Node ${version}.`;
}
