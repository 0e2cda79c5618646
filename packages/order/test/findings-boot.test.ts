import { readFileSync } from "node:fs";
import { join } from "node:path";
import { defineLayer, type Finding } from "@enfilade/layer";
import { createLogLines } from "@enfilade/testing";
import { describe, expect, it } from "vitest";
import { ORDER_FINDINGS, type OrderRefused } from "../src/index.ts";
import { arranged, boot, refusalOf } from "./boot.ts";
import { probe } from "./probes.ts";

/** A layer that says something of the whole app. */
function saying(...findings: Finding[]) {
  return defineLayer({
    name: "saying",
    place: "gate",
    setup: () => ({ audit: () => findings }),
  });
}
const finding = (severity: Finding["severity"], code: string): Finding => ({
  code,
  severity,
  where: "everywhere",
  why: `there is a ${severity}`,
  fix: "Take it away.",
});

describe("errors", () => {
  it("are all reported at once, and the message names each with its fix", async () => {
    const refusal = await refusalOf([
      (app) => app.register(probe("a", "gate"), { layer: { before: ["nobody", "b"] } }),
      (app) => app.register(probe("b", "gate"), { layer: { before: ["a"] } }),
      (app) => app.register(probe("b", "gate")),
      (app) =>
        app.register(probe("c", "spend"), { layer: { requires: ["principal"], override: true } }),
      (app) => app.post("/", { config: { skip: ["missing"] } }, async () => "hello"),
      (app) =>
        app.register(saying(finding("error", "SAYING_ERROR"), finding("info", "SAYING_INFO"))),
    ]);
    expect(refusal.code).toBe("ORDER_REFUSED");
    expect(refusal.findings.map(({ code }) => code).toSorted()).toEqual([
      "ORDER_CYCLE",
      "ORDER_DUPLICATE_LAYER",
      "ORDER_MISSING_CAPABILITY",
      "ORDER_OVERRIDES_NOTHING",
      "ORDER_UNKNOWN_SKIP",
      "ORDER_UNKNOWN_TARGET",
      "SAYING_ERROR",
    ]);
    for (const { code, where, why, fix } of refusal.findings) {
      expect(refusal.message).toContain(`- ${code} (${where}): ${why}. ${fix}`);
    }
  });

  it("keep the app from listening", async () => {
    const app = await arranged();
    app.register(saying(finding("error", "SAYING_ERROR")));
    await expect(
      app.listen({ port: 0, host: "127.0.0.1" }).then(() => "listens"),
    ).rejects.toMatchObject({ code: "ORDER_REFUSED" });
    expect(app.server.listening).toBe(false);
  });

  it("keep inject() from answering", async () => {
    const app = await arranged();
    app.register(saying(finding("error", "SAYING_ERROR")));
    app.get("/", async () => "hello");
    await expect(app.inject("/").then(() => "answers")).rejects.toMatchObject({
      code: "ORDER_REFUSED",
    } satisfies Partial<OrderRefused>);
  });
});

describe("warnings and infos", () => {
  it("a warning is logged once, with its code and its fix; an info is only listed", async () => {
    const log = createLogLines();
    const app = await boot(
      [
        (app) =>
          app.register(
            saying(finding("info", "SAYING_INFO"), finding("warning", "SAYING_WARNING")),
          ),
        (app) => app.get("/", async () => "hello"),
      ],
      { logger: { level: "trace", stream: log.stream } },
    );
    await app.inject("/");
    await app.inject("/");
    const said = log.items.filter(({ code }) => String(code).startsWith("SAYING"));
    expect(said).toMatchObject([
      {
        level: 40,
        code: "SAYING_WARNING",
        where: "everywhere",
        fix: "Take it away.",
        msg: "there is a warning",
      },
    ]);
    expect(app.order.findings().map(({ code }) => code)).toEqual(["SAYING_WARNING", "SAYING_INFO"]);
  });

  it("a finding that several layers make in the same words is said once", async () => {
    const warning = finding("warning", "SAYING_WARNING");
    const app = await boot([
      (app) => app.register(saying(warning, warning)),
      (app) =>
        app.register(
          async (child) => void child.register(saying(warning), { layer: { name: "again" } }),
        ),
    ]);
    expect(app.order.findings()).toEqual([warning]);
  });
});

it("the audit of a layer is shown the routes that the layer reaches, with their lines", async () => {
  const seen: unknown[] = [];
  await boot([
    (app) => app.register(probe("log", "observe")),
    (app) =>
      app.register(async (child) => {
        child.register(
          defineLayer({
            name: "seeing",
            place: "gate",
            setup: (app) => ({
              audit({ instance, routes }) {
                seen.push(instance === app, ...routes);
                return [];
              },
            }),
          }),
        );
        child.post("/runs", { config: { skip: ["log"] } }, async () => "run");
        child.post("/others", { config: { skip: ["seeing"] } }, async () => "other");
      }),
    (app) => app.post("/elsewhere", async () => "elsewhere"),
  ]);
  expect(seen).toMatchObject([
    true,
    { method: "POST", url: "/runs", config: { skip: ["log"] }, layers: ["seeing"] },
  ]);
});

describe("docs/findings.md", () => {
  const page = readFileSync(join(import.meta.dirname, "../../../docs/findings.md"), "utf8");
  const sections = page.split(/^### /m).slice(1);
  const documented = sections.map((section) => section.split("\n")[0] ?? "");

  it("has one section for every code of the line, and no other", () => {
    const ours = documented.filter((heading) => heading.startsWith("ORDER_"));
    expect(ours).toEqual(Object.keys(ORDER_FINDINGS).toSorted());
  });

  it.each(Object.entries(ORDER_FINDINGS))(
    "tells symptom, cause and fix of %s (%s)",
    (code, severity) => {
      const section = sections.find((text) => text.startsWith(`${code}\n`)) ?? "";
      expect(section).toMatch(new RegExp(`^${code}\n\n${severity}\\b`));
      for (const part of ["Symptom", "Cause", "Fix"]) {
        expect(section).toMatch(new RegExp(`^\\*\\*${part}\\*\\* .{20,}`, "m"));
      }
    },
  );
});
