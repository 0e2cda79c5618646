import { readFileSync } from "node:fs";
import { join } from "node:path";
import { PLACES } from "@enfilade/layer";
import { describe, expect, it } from "vitest";
import * as order from "../src/index.ts";
import { sampleApp } from "./sample.ts";

const folder = join(import.meta.dirname, "..");
const readme = readFileSync(join(folder, "README.md"), "utf8");

/** The first column of the table under a heading. */
function codesUnder(heading: string): string[] {
  const section = readme.split(`## ${heading}\n`)[1]?.split(/^## /m)[0] ?? "";
  return [...section.matchAll(/^\| \[?`([A-Za-z_-]+)`/gm)].map(([, code = ""]) => code);
}

describe("the README", () => {
  it("explains the sample as it is explained", async () => {
    const app = await sampleApp();
    for (const [method, url] of [
      ["POST", "/agents/docs/runs"],
      ["GET", "/health"],
    ] as const) {
      expect(readme).toContain(`\n${app.order.explain(method, url).toText()}\n`);
    }
  });

  it("shows the sample as it is drawn (vitest -u draws it again)", async () => {
    const app = await sampleApp();
    const svg = `${app.order.explain("POST", "/agents/docs/runs").toSvg()}\n`;
    await expect(svg).toMatchFileSnapshot(join(folder, "line.svg"));
    expect(readme).toContain("](line.svg)");
  });

  it("gives every place, in order", () => {
    expect(codesUnder("The line")).toEqual([...PLACES]);
  });

  it("lists every finding and every error", () => {
    expect(codesUnder("Findings")).toEqual(Object.keys(order.ORDER_FINDINGS));
    const errors = Object.keys(order).filter((name) => /^ORDER_(?!FINDINGS)/.test(name));
    expect(codesUnder("Errors").toSorted()).toEqual([...errors, "ORDER_REFUSED"].toSorted());
  });
});
