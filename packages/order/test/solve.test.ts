import { defineLayer, PLACES, type Place } from "@enfilade/layer";
import type { PlacedLayer } from "@enfilade/layer/arranging";
import fc from "fast-check";
import type { FastifyInstance } from "fastify";
import { describe, expect, it } from "vitest";
import type { Member, Scope } from "../src/scope.ts";
import { solve } from "../src/solve.ts";
import { boot, lineOf } from "./boot.ts";

const root = { name: "root", depth: 0 } as Scope;

interface Asked {
  readonly before?: readonly string[];
  readonly after?: readonly string[];
}

function member(name: string, place: Place, { before = [], after = [] }: Asked = {}): Member {
  const asked = { before, after, provides: [], requires: [], override: false };
  const layer: PlacedLayer = {
    name,
    place,
    steps: [],
    onRoute: undefined,
    audit: undefined,
    ...asked,
  };
  return { layer, scope: root };
}

const solved = (...members: Member[]) => solve(members).members.map(({ layer }) => layer.name);

describe("a constraint moves the layer that asks for it, and nobody else", () => {
  it("in front of one that has others behind it", () => {
    const gates = [member("a", "gate"), member("m", "gate"), member("p", "gate")];
    expect(solved(...gates, member("z", "spend", { before: ["m"] }))).toEqual(["a", "z", "m", "p"]);
    expect(
      solved(
        ...gates,
        member("y", "spend", { before: ["z"] }),
        member("z", "gate", { before: ["m"] }),
      ),
    ).toEqual(["a", "y", "z", "m", "p"]);
    expect(solved(...gates, member("b", "identify", { after: ["m"] }))).toEqual([
      "a",
      "m",
      "b",
      "p",
    ]);
  });

  it("unless they leave no other way, in whatever they ask for", () => {
    const spec = fc.record({
      place: fc.constantFrom(...PLACES.slice(0, 4)),
      kind: fc.constantFrom("before", "after"),
      target: fc.oneof(fc.constant(-1), fc.nat(7)),
    });
    fc.assert(
      fc.property(fc.array(spec, { minLength: 2, maxLength: 8 }), (specs) => {
        const isAsked = (target: number, index: number) =>
          target >= 0 && target < specs.length && target !== index;
        const members = specs.map(({ place, kind, target }, index) =>
          member(`l${index}`, place, isAsked(target, index) ? { [kind]: [`l${target}`] } : {}),
        );
        const { members: line, constraints, cycle } = solve(members);
        if (cycle !== undefined) return;
        const at = ({ layer }: Member) => line.findIndex((one) => one.layer.name === layer.name);
        for (const { outer, inner } of constraints) expect(at(outer)).toBeLessThan(at(inner));

        const mustPrecede = (outer: Member, inner: Member): boolean =>
          constraints.some(
            (one) => one.outer === outer && (one.inner === inner || mustPrecede(one.inner, inner)),
          );
        const still = solve(
          members.filter(({ layer }) => layer.before.length + layer.after.length === 0),
        ).members;
        const pairs = still.flatMap((outer, index) =>
          still.slice(index + 1).map((inner) => ({ outer, inner })),
        );
        if (pairs.some(({ outer, inner }) => mustPrecede(inner, outer))) return;
        for (const { outer, inner } of pairs) expect(at(outer)).toBeLessThan(at(inner));
      }),
      { numRuns: 2_000, seed: 20260103 },
    );
  });
});

it("a cycle is found whatever the number of ways that lead to it", () => {
  const rungs = Array.from({ length: 24 }, (_, index) => [`a${index}`, `b${index}`]);
  const ladder = rungs.flatMap((rung, index) =>
    rung.map((name) =>
      member(name, "gate", { after: index === 0 ? ["x"] : [], before: rungs[index + 1] ?? [] }),
    ),
  );
  const circle = [member("x", "gate", { after: ["y"] }), member("y", "gate", { after: ["x"] })];
  const { cycle = [] } = solve([...ladder.toReversed(), ...circle]);
  expect(cycle.map(({ outer }) => outer.layer.name).sort()).toEqual(["x", "y"]);
});

describe("a place", () => {
  it("counts whether or not a layer stands in it, but for one with a question mark", () => {
    const key = member("key", "authenticate");
    const limit = member("limit", "shield");
    const asks = (...before: string[]) => member("z", "spend", { before });
    expect(solved(key, limit, asks("shield"))).toEqual(["z", "limit", "key"]);
    expect(solved(key, asks("shield"))).toEqual(["z", "key"]);
    expect(solved(key, asks("shield?"))).toEqual(["key", "z"]);
    expect(solved(key, member("a", "gate", { after: ["authorize"] }))).toEqual(["key", "a"]);
  });

  it("is the reason for a position, and so is a layer that the route leaves out", async () => {
    const layer = (name: string, place: Place) =>
      defineLayer({ name, place, setup: () => ({ onRequest() {} }) });
    const app: FastifyInstance = await boot([
      (app) => app.register(layer("key", "authenticate")),
      (app) => app.register(layer("keeper", "gate")),
      (app) => app.register(layer("z", "spend"), { layer: { before: ["shield"] } }),
      (app) => app.register(layer("y", "spend"), { layer: { before: ["keeper"] } }),
      (app) => app.get("/", { config: { skip: ["keeper"] } }, async () => "hello"),
    ]);
    expect(lineOf(app, "GET", "/")).toEqual(["y", "z", "key"]);
    expect(app.order.explain("GET", "/").doors.map(({ because }) => because)).toEqual([
      "before keeper",
      "before shield",
      "place authenticate",
    ]);
  });
});
