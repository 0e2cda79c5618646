import { writeFileSync } from "node:fs";
import { join } from "node:path";
import Database from "libsql";
import { expect, test } from "vitest";
import { DataFolderError } from "../src/store/sqlite/data-folder.ts";
import { openSqliteStore } from "../src/store/sqlite/store.ts";
import { temporaryFolder, temporaryStore } from "./support.ts";

test("a folder that is missing is made", () => {
  const folder = join(temporaryFolder(), "a", "b");
  expect(temporaryStore(folder).id).not.toBe("");
});

test("a file that a newer version has written is not touched", () => {
  const folder = temporaryFolder();
  const file = new Database(join(folder, "agent-server.db"));
  file.exec("PRAGMA user_version = 999");
  file.close();
  expect(() => openSqliteStore(folder)).toThrow(/schema version 999, .* set DATA_DIR/);
});

test("a file that is no database is refused", () => {
  const folder = temporaryFolder();
  writeFileSync(
    join(folder, "agent-server.db"),
    "not a database, but long enough to be taken for one".repeat(100),
  );
  expect(() => openSqliteStore(folder)).toThrow(/not a database/);
});

test("a folder is one store's until it is closed, and can be read by others meanwhile", async () => {
  const folder = temporaryFolder();
  const first = openSqliteStore(folder);
  expect(() => openSqliteStore(folder)).toThrow(DataFolderError);
  const reader = new Database(join(folder, "agent-server.db"), { readonly: true });
  expect(reader.prepare("SELECT count(*) AS runs FROM runs").get()).toMatchObject({ runs: 0 });
  reader.close();
  await first.close();
  temporaryStore(folder);
});

test("a folder that cannot be one is told with the reason", () => {
  const file = join(temporaryFolder(), "file");
  writeFileSync(file, "");
  expect(() => openSqliteStore(file)).toThrow(`The data cannot be kept in ${file}: EEXIST`);
  expect(() => openSqliteStore(file)).toThrow(DataFolderError);
});
