import { readFileSync } from "node:fs";

/** Says why a file of JSON cannot be used, without a word of what it holds; nothing when it can. */
export function problemWithFile(name: string, path: string): string[] {
  try {
    JSON.parse(readFileSync(path, "utf8"));
    return [];
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    const why = code === undefined ? "is no valid JSON" : `cannot be read (${code})`;
    return [`${name} names ${JSON.stringify(path)}, which ${why}`];
  }
}
