import { writeFileSync } from "node:fs";
import { join } from "node:path";
import Database from "libsql";
import { expect, test } from "vitest";
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
