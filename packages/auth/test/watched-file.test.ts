import { writeFileSync } from "node:fs";
import { mkdtemp, rename, rm, symlink, unlink, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createRecorder } from "@enfilade/testing";
import { beforeEach, expect, it, onTestFinished } from "vitest";
import { watchedFile } from "../src/index.ts";

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "watched-"));
  return () => rm(folder, { recursive: true });
});

function watch(path: string) {
  const changes = createRecorder<string>();
  const file = watchedFile(path, {
    parse: (text) => JSON.parse(text) as unknown,
    intervalMs: 10,
    onChange: (value) => changes.record(JSON.stringify(value)),
    onError: (error) => changes.record(`error: ${(error as Error).name}`),
  });
  onTestFinished(() => file.close());
  return { file, changes };
}

it("follows what is written in place", async () => {
  const path = join(folder, "keys.json");
  await writeFile(path, "[1]");
  const { file, changes } = watch(path);
  expect(file.value).toEqual([1]);
  await writeFile(path, "[1, 2]");
  await changes.find((change) => change === "[1,2]");
  expect(file.value).toEqual([1, 2]);
});

it("follows what is renamed into its place", async () => {
  const path = join(folder, "keys.json");
  await writeFile(path, "[1]");
  const { changes } = watch(path);
  await writeFile(`${path}.new`, "[22]");
  await rename(`${path}.new`, path);
  await changes.find((change) => change === "[22]");
});

it("follows a symbolic link to where it points now, as volumes in containers change", async () => {
  const path = join(folder, "keys.json");
  await writeFile(join(folder, "one"), "[1]");
  await writeFile(join(folder, "two"), "[2, 2]");
  await symlink("one", path);
  const { changes } = watch(path);
  await symlink("two", `${path}.new`);
  await rename(`${path}.new`, path);
  await changes.find((change) => change === "[2,2]");
});

it("keeps the old value while the file is broken or gone", async () => {
  const path = join(folder, "keys.json");
  await writeFile(path, "[1]");
  const { file, changes } = watch(path);
  await writeFile(path, "[1, ");
  await changes.find((change) => change === "error: SyntaxError");
  expect(file.value).toEqual([1]);
  await unlink(path);
  await changes.find((change) => change === "error: Error");
  expect(file.value).toEqual([1]);
  await writeFile(path, "[3]");
  await changes.find((change) => change === "[3]");
});

it("throws at the start what is wrong then", () => {
  expect(() => watch(join(folder, "missing"))).toThrow(/ENOENT/);
});

it("sees a change that leaves the times and the size of the file as they were", async () => {
  const path = join(folder, "keys.json");
  const time = new Date("2026-01-01");
  await writeFile(path, "[1]");
  await utimes(path, time, time);
  const { changes } = watch(path);
  await writeFile(`${path}.new`, "[2]");
  await utimes(`${path}.new`, time, time);
  await rename(`${path}.new`, path);
  await changes.find((change) => change === "[2]");
});

it("sees a change that comes right after the first reading", async () => {
  const path = join(folder, "keys.json");
  writeFileSync(path, "[1]");
  const { changes } = watch(path);
  writeFileSync(path, "[2]");
  await changes.find((change) => change === "[2]");
});

it("reports what is wrong once, for as long as it stays the same", async () => {
  const path = join(folder, "keys.json");
  await writeFile(path, "[1]");
  const { changes } = watch(path);
  await writeFile(path, "[1");
  await changes.find((change) => change === "error: SyntaxError");
  await unlink(path);
  await changes.find((change) => change === "error: Error");
  await writeFile(path, "[3]");
  await changes.find((change) => change === "[3]");
  // The file may be met empty while it is written.
  expect(changes.items.length).toBeLessThanOrEqual(5);
});
