import { WAYS, type Way } from "@enfilade/line-testing";
import { createLogLines } from "@enfilade/testing";
import { describe, expect, test } from "vitest";
import type { ClientGateOptions } from "../src/index.ts";
import { gateApp, statusFor } from "./apps.ts";

const LEGACY = { name: "legacy-app", userAgent: "LegacyApp/1.", status: 410 };

async function loggingApp(way: Way, options: ClientGateOptions) {
  const log = createLogLines();
  const app = await gateApp(way, options, { logger: { stream: log.stream } });
  const said = () => log.items.filter(({ msg }) => String(msg).startsWith("client gate:"));
  return { app, said };
}

describe.each(WAYS)("%s, a dry run", (way) => {
  test("refuses nobody, and logs one line with rule and status for each it would have", async () => {
    const { app, said } = await loggingApp(way, {
      dryRun: true,
      refuse: [LEGACY, { name: "net", address: "198.51.100.0/24" }],
    });

    expect(await statusFor(app, { as: "LegacyApp/1.1", from: "198.51.100.7" })).toBe(200);
    expect(await statusFor(app, { as: "LegacyApp/2.0" })).toBe(200);

    expect(said()).toEqual([
      expect.objectContaining({
        msg: "client gate: would have refused",
        rule: "legacy-app",
        status: 410,
        level: 40,
      }),
    ]);
  });

  test("logs nobody whom a rule lets in, and everybody else where they would be refused", async () => {
    const { app, said } = await loggingApp(way, {
      dryRun: true,
      allow: [{ name: "office", address: "10.0.0.0/8" }],
      otherwise: "refuse",
    });

    expect(await statusFor(app, { from: "10.1.1.1" })).toBe(200);
    expect(said()).toEqual([]);
    expect(await statusFor(app, { from: "192.0.2.1" })).toBe(200);
    expect(said()).toEqual([expect.objectContaining({ rule: "otherwise", status: 403 })]);
  });

  test("of one rule leaves the others as they are, whichever comes first", async () => {
    for (const reversed of [false, true]) {
      const rules = [
        { ...LEGACY, dryRun: true },
        { name: "net", address: "198.51.100.0/24" },
      ];
      const { app, said } = await loggingApp(way, { refuse: reversed ? rules.reverse() : rules });

      expect(await statusFor(app, { as: "LegacyApp/1.1" })).toBe(200);
      expect(await statusFor(app, { as: "LegacyApp/1.1", from: "198.51.100.7" })).toBe(403);
      expect(said()).toHaveLength(reversed ? 1 : 2);
    }
  });

  test("of all rules leaves out the one that says so", async () => {
    const { app } = await loggingApp(way, {
      dryRun: true,
      refuse: [{ ...LEGACY, dryRun: false }],
    });

    expect(await statusFor(app, { as: "LegacyApp/1.1" })).toBe(410);
  });

  test.each<[string, () => boolean | Promise<boolean>]>([
    ["throws", () => fail()],
    ["rejects", () => Promise.reject(new Error("the database is down"))],
    ["gives nothing", () => undefined as never],
  ])("whose function %s is logged, and harms nobody", async (_how, when) => {
    const { app, said } = await loggingApp(way, {
      refuse: [{ name: "odd", when, dryRun: true }, LEGACY],
    });

    expect(await statusFor(app, {})).toBe(200);
    expect(said()).toEqual([
      expect.objectContaining({ msg: "client gate: a dry run failed", rule: "odd", level: 50 }),
    ]);
    expect(await statusFor(app, { as: "LegacyApp/1.1" })).toBe(410);
  });

  test("waits for a function that takes its time, and goes on", async () => {
    const { app, said } = await loggingApp(way, {
      refuse: [{ name: "slow", when: async () => true, dryRun: true }, LEGACY],
    });

    expect(await statusFor(app, { as: "LegacyApp/1.1" })).toBe(410);
    expect(said()).toEqual([expect.objectContaining({ rule: "slow" })]);
  });
});

function fail(): never {
  throw new Error("the database is down");
}
