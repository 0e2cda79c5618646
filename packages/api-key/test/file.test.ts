import { mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createLogLines } from "@enfilade/testing";
import { beforeEach, describe, expect, it } from "vitest";
import { runCommand } from "../src/command.ts";
import { apiKey, generateKey, hashKey, isKey, type KeyRecord } from "../src/index.ts";
import { ANN, ANN_RECORD, make, statusOf } from "./support.ts";

let file: string;

beforeEach(async () => {
  const folder = await mkdtemp(join(tmpdir(), "keys-"));
  file = join(folder, "keys.json");
  return () => rm(folder, { recursive: true });
});

const write = (...keys: object[]) => writeFile(file, JSON.stringify({ keys }));
const read = async (): Promise<KeyRecord[]> => JSON.parse(await readFile(file, "utf8")).keys;

async function serve() {
  const log = createLogLines();
  const logger = { level: "info", stream: log.stream };
  return { log, app: await make({ file, fileIntervalMs: 10 }, { logger }) };
}

describe("a file of keys", () => {
  it("is followed while the server runs, in both directions", async () => {
    const next = generateKey();
    await write(ANN_RECORD);
    const { app, log } = await serve();
    expect(await statusOf(app, { "x-api-key": ANN.key })).toBe(200);
    expect(await statusOf(app, { "x-api-key": next.key })).toBe(401);
    await write({ id: "bob", hash: next.hash, scopes: [] });
    await log.find(({ msg }) => msg === "the API keys were read again");
    expect(await statusOf(app, { "x-api-key": ANN.key })).toBe(401);
    expect(await statusOf(app, { "x-api-key": next.key })).toBe(200);
  });

  it.each([
    ["no JSON", "{"],
    ["another shape", "[]"],
    ["a record that is not valid", JSON.stringify({ keys: [{ id: "x" }] })],
    ["the same key twice", JSON.stringify({ keys: [ANN_RECORD, ANN_RECORD] })],
  ])("that has become %s leaves the old keys, and says so", async (_what, text) => {
    await write(ANN_RECORD);
    const { app, log } = await serve();
    await writeFile(file, text);
    const line = await log.find(({ level }) => level === 50);
    expect(line.msg).toContain("the old keys stay");
    expect(await statusOf(app, { "x-api-key": ANN.key })).toBe(200);
  });

  it.each(["{", "[]", '{"keys":[{"id":"x"}]}', '{"keys":[{"id":"x","key":"enf_x"}]}'])(
    "that is not valid at the start, as %j, does not boot",
    async (text) => {
      await writeFile(file, text);
      await expect(make({ file })).rejects.toMatchObject({ code: "API_KEY_INVALID_OPTION" });
    },
  );
});

describe("the command", () => {
  it("makes a key and its record", async () => {
    const args = [
      "--id",
      "ci",
      "--scope",
      "agents:run",
      "--scope",
      "agents:read",
      "--owner",
      "ann",
    ];
    const [key = "", record = ""] = (await runCommand([...args, "--expires", "2d"], () => 0)).split(
      "\n",
    );
    expect(isKey(key)).toBe(true);
    expect(JSON.parse(record)).toEqual({
      id: "ci",
      hash: hashKey(key),
      scopes: ["agents:run", "agents:read"],
      owner: "ann",
      expiresAt: "1970-01-03T00:00:00.000Z",
    });
  });

  it("adds it to a file that a server takes over, with rights for its owner alone", async () => {
    const key = (await runCommand(["--id", "ann", "--file", file])).trim();
    const { app } = await serve();
    expect(await statusOf(app, { "x-api-key": key })).toBe(200);
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    await runCommand(["--id", "bob", "--prefix", "live", "--file", file]);
    expect((await read()).map(({ id }) => id)).toEqual(["ann", "bob"]);
    expect(await readdir(join(file, ".."))).toEqual(["keys.json"]);
    expect(await readFile(file, "utf8")).not.toContain(key);
  });

  it("rotates: the old key ends after the overlap, never later than it would have", async () => {
    await write(
      { ...ANN_RECORD, expiresAt: "1970-01-01T06:00:00.000Z" },
      { ...ANN_RECORD, hash: hashKey("x") },
    );
    const key = (
      await runCommand(["--rotate", "ann", "--overlap", "1d", "--file", file], () => 0)
    ).trim();
    expect(await read()).toEqual([
      { ...ANN_RECORD, expiresAt: "1970-01-01T06:00:00.000Z" },
      { ...ANN_RECORD, hash: hashKey("x"), expiresAt: "1970-01-02T00:00:00.000Z" },
      { ...ANN_RECORD, hash: hashKey(key) },
    ]);
  });

  it.each([
    ["nothing", []],
    ["an unknown option", ["--name", "ci"]],
    ["an unknown unit", ["--id", "ci", "--expires", "P1D"]],
    ["two units", ["--id", "ci", "--expires", "1h30m"]],
    ["a prefix that is none", ["--id", "ci", "--prefix", "E"]],
    ["a rotation without a file", ["--rotate", "ci"]],
  ])("says what it does not understand: %s", async (_what, args) => {
    await expect(runCommand(args)).rejects.toMatchObject({ code: "API_KEY_USAGE" });
  });

  it("does not touch a file that is none of its own", async () => {
    await writeFile(file, "something else");
    await expect(runCommand(["--id", "ci", "--file", file])).rejects.toThrow("no file of keys");
    await expect(runCommand(["--rotate", "x", "--file", file])).rejects.toThrow("no file of keys");
    expect(await readFile(file, "utf8")).toBe("something else");
  });

  it("explains itself", async () => {
    expect(await runCommand(["--help"])).toContain("--rotate");
  });
});

it("is one plugin under both names", async () => {
  expect((await import("../src/index.ts")).default).toBe(apiKey);
});
