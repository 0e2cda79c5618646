import { describe, expect, it } from "vitest";
import { adopt, defineLayer, isPlace, PLACES, placeRank } from "../src/index.ts";
import { createApp } from "./support.ts";

const definition = { name: "tenant", place: "authorize", setup: () => ({}) } as const;

describe("a definition", () => {
  it.each(["tenant", "rate-limit", "run-limit.eu", "quota:tokens", "oauth2"])(
    "may bear the name %j",
    async (name) => {
      const app = createApp();
      await app.register(defineLayer({ ...definition, name }));
      expect(app.hasPlugin(name)).toBe(true);
    },
  );

  it.each([
    "",
    "Tenant",
    "tenant?",
    "-tenant",
    "tenant-",
    "a--b",
    "a b",
    "2fa",
    "a\n",
    7,
    undefined,
  ])("may not bear the name %j", (name) => {
    const invalid = { ...definition, name: name as string };
    expect(() => defineLayer(invalid)).toThrow(
      expect.objectContaining({
        code: "LAYER_INVALID_DEFINITION",
        message: expect.stringContaining("Use lower-case words"),
      }),
    );
  });

  it.each(PLACES)("may not bear the name of the place %s", (name) => {
    expect(() => defineLayer({ ...definition, name })).toThrow("its name is the name of a place");
  });

  it.each(["nowhere", "", undefined, "toString"])("cannot stand in %j", (place) => {
    expect(() => defineLayer({ ...definition, place: place as "gate" })).toThrow(
      `${JSON.stringify(place)} is no place. Use one of identify, observe,`,
    );
  });

  it.each(["before", "after", "provides", "requires"])("has arrays of names in %s", (list) => {
    for (const value of ["gate", [""], [7], {}]) {
      expect(() => defineLayer({ ...definition, [list]: value })).toThrow(
        `${list} is ${JSON.stringify(value)}. Give an array of names.`,
      );
    }
  });

  it("has a setup", () => {
    expect(() => defineLayer({ ...definition, setup: undefined as never })).toThrow(
      "it has no setup",
    );
  });

  it("has nothing that would be ignored", () => {
    expect(() => defineLayer({ ...definition, befor: ["gate"] } as typeof definition)).toThrow(
      "The layer tenant is not valid: its befor is unknown. Use name, place, setup, plugin, before,",
    );
    const hook = { onRequest: async () => {} };
    expect(() => defineLayer({ ...definition, ...hook } as typeof definition)).toThrow(
      "its onRequest is unknown. Use name, place, setup, plugin, before, after, provides, requires; setup returns the hooks.",
    );
  });

  it.each([undefined, null, "tenant", () => ({})])("is an object, not %s", (value) => {
    expect(() => defineLayer(value as never)).toThrow(
      expect.objectContaining({
        code: "LAYER_INVALID_DEFINITION",
        message: expect.stringContaining("Call defineLayer({ name, place, setup })."),
      }),
    );
  });

  it("of an adopted plugin is held to the same", () => {
    const plugin = async () => {};
    expect(() => adopt(plugin, { name: "gate", place: "gate" })).toThrow("the name of a place");
    expect(() => adopt(plugin, { name: "ok", place: "door" as "gate" })).toThrow("is no place");
  });
});

describe("an adoption", () => {
  const at = { name: "ok", place: "gate" } as const;

  it.each([
    ["an object", {}],
    ["undefined", undefined],
    ["null", null],
    ['"plugin"', "plugin"],
    ["a promise", Promise.resolve(async () => {})],
    ["an object", { default: {} }],
  ])("has a plugin, not %s", (shown, plugin) => {
    expect(() => adopt(plugin as never, at)).toThrow(
      expect.objectContaining({
        code: "LAYER_INVALID_DEFINITION",
        message: `The layer ok is not valid: its plugin is ${shown}. Give a plugin's function; await an import() of it first.`,
      }),
    );
  });

  it.each([undefined, null, "gate"])("says where the plugin stands, not %s", (value) => {
    expect(() => adopt(async () => {}, value as never)).toThrow(
      expect.objectContaining({
        code: "LAYER_INVALID_DEFINITION",
        message: expect.stringContaining("Call adopt(plugin, { name, place })."),
      }),
    );
  });

  it("has nothing that would be ignored", () => {
    expect(() => adopt(async () => {}, { ...at, setup: () => ({}) } as typeof at)).toThrow(
      "its setup is unknown. Use name, place, notFound, before, after, provides, requires.",
    );
  });
});

describe("a registration", () => {
  const register = async (options: object) => {
    const app = createApp();
    app.register(defineLayer<object>(definition), options);
    await app.ready();
  };

  it.each([
    [{ layer: { befor: ["gate"] } }, "layer.befor is unknown. Use one of name, place, override,"],
    [{ layer: "gate" }, "layer is string"],
    [{ layer: null }, "layer is "],
    [{ layer: { name: "Tenant" } }, 'its name is "Tenant"'],
    [{ layer: { place: "door" } }, '"door" is no place'],
    [{ layer: { after: "gate" } }, 'after is "gate"'],
    [{ prefix: "/v1" }, "a prefix has no effect on it"],
  ])("with %j is refused", async (options, why) => {
    await expect(register(options)).rejects.toMatchObject({
      code: "LAYER_INVALID_REGISTRATION",
      message: expect.stringContaining(why),
    });
  });

  it("is not seen by setup, which gets the options alone", async () => {
    const app = createApp();
    let seen: unknown;
    const curious = defineLayer<{ max: number }>({
      ...definition,
      setup(_app, options) {
        seen = options;
        return {};
      },
    });
    await app.register(curious, { max: 1, layer: { name: "other", before: ["handle"] } });
    expect(seen).toEqual({ max: 1 });
  });

  it("of a layer whose setup fails rejects ready() with its error", async () => {
    const app = createApp();
    const failing = defineLayer({
      ...definition,
      setup: () => Promise.reject(new Error("on purpose")),
    });
    app.register(failing);
    await expect(app.ready()).rejects.toThrow("on purpose");
  });
});

it("places have ranks in their order, and nothing else is a place", () => {
  expect(PLACES.map(placeRank)).toEqual(PLACES.map((_place, index) => index));
  expect(PLACES.every(isPlace)).toBe(true);
  for (const other of ["Gate", "constructor", 0, undefined, null])
    expect(isPlace(other)).toBe(false);
});
