import { describe, expect, it, onTestFinished } from "vitest";
import { requireProgram } from "../src/index.ts";

describe("a required program", () => {
  it("is found on PATH", () => {
    expect(requireProgram({ command: "sh", debianPackage: "dash" })).toMatch(/\/sh$/);
  });

  it("is an error that names the package, where it is neither there nor can be installed", () => {
    const path = process.env.PATH;
    onTestFinished(() => {
      process.env.PATH = path;
    });
    process.env.PATH = "/nonexistent";
    expect(() =>
      requireProgram({ command: "no-such-program", debianPackage: "no-such-package" }),
    ).toThrow("apt-get install no-such-package");
  });
});
