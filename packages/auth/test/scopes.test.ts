import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ADMIN_SCOPE, hasScope } from "../src/index.ts";
import { createRequirement } from "../src/scopes.ts";

describe("hasScope", () => {
  it.each([
    [["agents:run"], "agents:run", true],
    [["agents:*:run"], "agents:run", true],
    [["agents:run"], "agents:web:run", true],
    [["agents:*:run"], "agents:web:run", true],
    [["agents:web:run"], "agents:web:run", true],
    [["agents:web:run"], "agents:run", false],
    [["agents:web:run"], "agents:shop:run", false],
    [["agents:web:run"], "agents:web:read", false],
    [["agents:read"], "agents:run", false],
    [["agents:*"], "agents:run", false],
    [["agents"], "agents:run", false],
    [["*"], "agents:run", false],
    [["Agents:run"], "agents:run", false],
    [["profile"], "profile", true],
    [[], "agents:run", false],
    [[ADMIN_SCOPE], "anything:at:all", true],
  ])("says of %j and %s: %s", (held, needed, granted) => {
    expect(hasScope(held, needed)).toBe(granted);
  });

  it("takes another admin scope, or none", () => {
    expect(hasScope(["root"], "agents:run", "root")).toBe(true);
    expect(hasScope([ADMIN_SCOPE], "agents:run", "root")).toBe(false);
    expect(hasScope([ADMIN_SCOPE], "agents:run", false)).toBe(false);
  });
});

describe("a scope with a parameter", () => {
  it("is granted for one resource by its own scope, and only by that", () => {
    const run = createRequirement("agents:{id}:run");
    expect(run?.isGranted(["agents:web:run"], { id: "web" })).toBe(true);
    expect(run?.isGranted(["agents:web:run"], { id: "shop" })).toBe(false);
    expect(run?.isGranted(["agents:run"], { id: "shop" })).toBe(true);
    expect(run?.isGranted(["agents:*:run"], { id: "shop" })).toBe(true);
  });

  it("is never granted to somebody with a particular scope by what stands in the URL", () => {
    const run = createRequirement("agents:{id}:run");
    const other = fc.string().filter((id) => id !== "web");
    fc.assert(fc.property(other, (id) => run?.isGranted(["agents:web:run"], { id }) === false));
  });

  it("is told in words that can stand in a header, or not at all", () => {
    const run = createRequirement("agents:{id}:run");
    expect(run?.toText({ id: "web" })).toBe("agents:web:run");
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (id) => {
        const text = run?.toText({ id });
        return text === undefined || /^[\x21\x23-\x5b\x5d-\x7e]+$/.test(text);
      }),
    );
  });

  it("has no general form when the request chooses the kind or the action", () => {
    const action = createRequirement("agents:{id}:{action}");
    expect(action?.isGranted(["agents:{action}"], { id: "web", action: "run" })).toBe(false);
    expect(action?.isGranted(["agents:web:run"], { id: "web", action: "run" })).toBe(true);
  });

  it.each(["", "a b", 'a"b', "a\\b", "a{b", "a{}b", "a{b-c}", "ä", "x".repeat(257), 1, null])(
    "cannot be %j",
    (text) => {
      expect(createRequirement(text)).toBeUndefined();
    },
  );
});
