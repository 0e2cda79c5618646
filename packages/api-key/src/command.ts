import { readFile, rename, writeFile } from "node:fs/promises";
import { parseArgs } from "node:util";
import { API_KEY_USAGE } from "./errors.ts";
import { generateKey } from "./key.ts";
import type { KeyRecord } from "./record.ts";

const USAGE = `Makes an API key, shows it once, and keeps its hash.

  enfilade-api-key --id ci --scope agents:run --scope agents:read
  enfilade-api-key --id ci --scope agents:run --owner ann --expires 90d --file keys.json
  enfilade-api-key --rotate ci --overlap 7d --file keys.json

  --id <id>         who calls with it
  --scope <scope>   what it may do; any number of times
  --owner <user>    the user on whose behalf it calls
  --expires <time>  after which time it is refused: 30m, 12h, 90d
  --rotate <id>     makes a new key with the scopes and the owner of this one
  --overlap <time>  how long the old one still works (default 7d)
  --prefix <text>   what the key begins with (default enf)
  --file <path>     the file of keys to add it to
  --help
`;

const OPTIONS = {
  id: { type: "string" },
  scope: { type: "string", multiple: true },
  owner: { type: "string" },
  expires: { type: "string" },
  rotate: { type: "string" },
  overlap: { type: "string" },
  prefix: { type: "string" },
  file: { type: "string" },
  help: { type: "boolean" },
} as const;

const UNITS: Readonly<Record<string, number>> = { m: 60_000, h: 3_600_000, d: 86_400_000 };

/**
 * Runs the command and gives what it prints. The file, where there is one, is replaced in one step.
 *
 * @throws `API_KEY_USAGE` saying what was not understood.
 */
export async function runCommand(
  args: readonly string[],
  now: () => number = Date.now,
): Promise<string> {
  const values = readArguments(args);
  if (values.help) return USAGE;
  const { file, rotate } = values;
  const { key, hash } = make(values.prefix);
  if (rotate !== undefined) {
    if (file === undefined) throw new API_KEY_USAGE("--rotate needs --file.");
    const keys = await readKeys(file);
    const rotated = rotateKeys(
      keys,
      rotate,
      hash,
      now() + duration("overlap", values.overlap ?? "7d"),
    );
    await writeKeys(file, rotated);
    return `${key}\n`;
  }
  if (values.id === undefined) throw new API_KEY_USAGE("Say whose key it is: --id, or --rotate.");
  const record: KeyRecord = {
    id: values.id,
    hash,
    scopes: values.scope ?? [],
    ...(values.owner !== undefined && { owner: values.owner }),
    ...(values.expires !== undefined && {
      expiresAt: isoTime(now() + duration("expires", values.expires)),
    }),
  };
  if (file === undefined) return `${key}\n${JSON.stringify(record)}\n`;
  await writeKeys(file, [...(await readKeys(file)), record]);
  return `${key}\n`;
}

/** Lets every key of an id end, none of them later than it would have, and adds a new one like the newest. */
function rotateKeys(
  keys: readonly KeyRecord[],
  id: string,
  hash: string,
  end: number,
): KeyRecord[] {
  const newest = keys.findLast((record) => record.id === id);
  if (newest === undefined) throw new API_KEY_USAGE(`The file has no key of ${id}.`);
  const { expiresAt: _old, ...same } = newest;
  const ending = keys.map((record) => {
    if (record.id !== id) return record;
    const known = record.expiresAt === undefined ? Infinity : new Date(record.expiresAt).getTime();
    return { ...record, expiresAt: isoTime(Math.min(known, end)) };
  });
  return [...ending, { ...same, hash }];
}

function readArguments(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options: OPTIONS }).values;
  } catch (error) {
    throw new API_KEY_USAGE((error as Error).message);
  }
}

function make(prefix: string | undefined) {
  try {
    return generateKey(prefix);
  } catch (error) {
    throw new API_KEY_USAGE((error as Error).message);
  }
}

function duration(option: string, text: string): number {
  const [, count, unit] = /^(\d{1,6})([mhd])$/.exec(text) ?? [];
  if (count === undefined || unit === undefined) {
    throw new API_KEY_USAGE(`--${option} is a number of minutes, hours or days: 30m, 12h, 90d.`);
  }
  return Number(count) * (UNITS[unit] ?? 0);
}

function isoTime(time: number): string {
  return new Date(time).toISOString();
}

async function readKeys(file: string): Promise<readonly KeyRecord[]> {
  let text: string;
  try {
    text = await readFile(file, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw error;
  }
  try {
    const { keys } = JSON.parse(text) as { keys: unknown };
    if (Array.isArray(keys)) return keys as KeyRecord[];
  } catch {
    // Said below, in words.
  }
  throw new API_KEY_USAGE(`${file} is no file of keys: { "keys": [ … ] }.`);
}

/** A server that reads the file meanwhile sees the old one or the new one, never half of it. */
async function writeKeys(file: string, keys: readonly KeyRecord[]): Promise<void> {
  const next = `${file}.${process.pid}.tmp`;
  await writeFile(next, `${JSON.stringify({ keys }, null, 2)}\n`, { mode: 0o600 });
  await rename(next, file);
}
