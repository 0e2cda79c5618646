import { defineLayer, type Layer, type Place } from "@enfilade/layer";
import { describe, expect, it } from "vitest";
import { boot, lineOf, refusalOf } from "./boot.ts";
import { probe } from "./probes.ts";

const named = (name: string, place: Place): Layer => probe(name, place);

describe("ORDER_CYCLE", () => {
  it("prints who must come before whom, and who said so", async () => {
    const { findings } = await refusalOf([
      (app) => app.register(named("a", "gate"), { layer: { before: ["b"] } }),
      (app) => app.register(named("b", "gate"), { layer: { before: ["c"] } }),
      (app) => app.register(named("c", "gate"), { layer: { before: ["a"] } }),
      (app) => app.register(named("bystander", "gate")),
    ]);
    expect(findings).toEqual([
      {
        code: "ORDER_CYCLE",
        severity: "error",
        where: "root",
        why: 'the layers hold each other back: a → b (a: before "b") → c (b: before "c") → a (c: before "a")',
        fix: "Take one of these constraints away.",
      },
    ]);
  });

  it("is found between a scope and an ancestor, and is told once", async () => {
    const { findings } = await refusalOf([
      (app) => app.register(named("outer", "gate"), { layer: { after: ["inner?"] } }),
      (app) =>
        app.register(async function agents(child) {
          child.register(named("inner", "gate"), { layer: { after: ["outer"] } });
          child.get("/", async () => "hello");
          child.register(async function below(grandchild) {
            grandchild.register(named("innermost", "gate"));
            grandchild.get("/below", async () => "hello");
          });
        }),
    ]);
    expect(findings).toMatchObject([
      {
        code: "ORDER_CYCLE",
        where: "agents",
        why: expect.stringContaining(
          'outer → inner (inner: after "outer") → outer (outer: after "inner?")',
        ),
      },
    ]);
  });

  it("is found through a place, and through a capability", async () => {
    const throughPlace = await refusalOf([
      (app) => app.register(named("a", "observe"), { layer: { after: ["gate"] } }),
      (app) => app.register(named("b", "gate"), { layer: { after: ["a"] } }),
    ]);
    expect(throughPlace.findings).toMatchObject([{ code: "ORDER_CYCLE" }]);

    const throughCapability = await refusalOf([
      (app) =>
        app.register(named("user", "gate"), { layer: { requires: ["key"], before: ["maker"] } }),
      (app) => app.register(named("maker", "gate"), { layer: { provides: ["key"] } }),
    ]);
    expect(throughCapability.findings.map(({ code }) => code)).toContain("ORDER_CYCLE");
  });
});

describe("ORDER_SELF_REFERENCE", () => {
  it.each(["a", "a?"])("refuses a layer that is to come after itself, as %s", async (target) => {
    const { findings } = await refusalOf([
      (app) => app.register(named("a", "gate"), { layer: { after: [target] } }),
    ]);
    expect(findings).toMatchObject([
      { code: "ORDER_SELF_REFERENCE", severity: "error", where: "a in root" },
    ]);
  });

  it("allows the layer's own place, which means the others there", async () => {
    const app = await boot([
      (app) => app.register(named("a", "gate")),
      (app) => app.register(named("z", "gate"), { layer: { before: ["gate"] } }),
      (app) => app.get("/", async () => "hello"),
    ]);
    expect(lineOf(app, "GET", "/")).toEqual(["z", "a"]);
  });
});

describe("ORDER_UNKNOWN_TARGET", () => {
  it("names the target and the layers that there are", async () => {
    const { findings } = await refusalOf([
      (app) => app.register(named("a", "gate"), { layer: { after: ["tymeout"] } }),
      (app) => app.register(named("timeout", "gate")),
    ]);
    expect(findings).toMatchObject([
      {
        code: "ORDER_UNKNOWN_TARGET",
        severity: "error",
        where: "a in root",
        why: expect.stringContaining('"tymeout"'),
        fix: expect.stringContaining("a, timeout"),
      },
    ]);
  });

  it("accepts a name with a question mark where there is no such layer, and obeys it where there is", async () => {
    const alone = await boot([
      (app) => app.register(named("a", "gate"), { layer: { after: ["z?"] } }),
      (app) => app.get("/", async () => "hello"),
    ]);
    expect(lineOf(alone, "GET", "/")).toEqual(["a"]);
    const together = await boot([
      (app) => app.register(named("a", "gate"), { layer: { after: ["z?"] } }),
      (app) => app.register(named("z", "gate")),
      (app) => app.get("/", async () => "hello"),
    ]);
    expect(lineOf(together, "GET", "/")).toEqual(["z", "a"]);
  });

  it("is content with a layer in a scope that it never meets, for it names nothing wrongly", async () => {
    const app = await boot([
      (app) =>
        app.register(async (left) => {
          left.register(named("a", "gate"), { layer: { after: ["b"] } });
          left.get("/left", async () => "hello");
        }),
      (app) => app.register(async (right) => void right.register(named("b", "gate"))),
    ]);
    expect(lineOf(app, "GET", "/left")).toEqual(["a"]);
  });
});

describe("ORDER_MISSING_CAPABILITY", () => {
  const quota = defineLayer({
    name: "quota",
    place: "spend",
    requires: ["principal"],
    setup: () => ({}),
  });
  const key = defineLayer({
    name: "key",
    place: "authenticate",
    provides: ["principal"],
    setup: () => ({}),
  });

  it("names the route, the layer and what it lacks", async () => {
    const { findings } = await refusalOf([
      (app) => app.register(quota),
      (app) => app.post("/runs", async () => "run"),
    ]);
    expect(findings).toMatchObject([
      {
        code: "ORDER_MISSING_CAPABILITY",
        severity: "error",
        where: "POST /runs",
        why: expect.stringMatching(/quota requires "principal"/),
      },
    ]);
  });

  it("is not met by a layer in another scope, nor by one that the route skips", async () => {
    const trace = defineLayer({
      name: "trace",
      place: "observe",
      provides: ["trace"],
      setup: () => ({}),
    });
    const { findings } = await refusalOf([
      (app) => app.register(quota),
      (app) => app.register(trace),
      (app) => app.register(named("reader", "handle"), { layer: { requires: ["trace"] } }),
      (app) => app.register(async (child) => void child.register(key)),
      (app) => app.post("/runs", { config: { skip: ["trace"] } }, async () => "run"),
    ]);
    expect(findings.map(({ code, where, why }) => [code, where, why.split(" ")[2]])).toEqual([
      ["ORDER_MISSING_CAPABILITY", "POST /runs", "quota"],
      ["ORDER_MISSING_CAPABILITY", "POST /runs", "reader"],
    ]);
  });

  it("is met in a child whose layer stands further out than the parent's that needs it", async () => {
    const app = await boot([
      (app) => app.register(quota),
      (app) =>
        app.register(async (child) => {
          child.register(key);
          child.post("/runs", async () => "run");
        }),
    ]);
    expect(lineOf(app, "POST", "/runs")).toEqual(["key", "quota"]);
  });
});
