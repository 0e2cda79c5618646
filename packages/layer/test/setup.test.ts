import fastifyPlugin from "fastify-plugin";
import { describe, expect, it } from "vitest";
import { defineLayer, type LayerSetup, record } from "../src/index.ts";
import { createApp } from "./support.ts";

function register(setup: unknown): Promise<unknown> {
  const app = createApp();
  app.register(
    defineLayer({ name: "odd", place: "gate", setup: () => setup as LayerSetup | Promise<never> }),
  );
  return Promise.resolve(app.ready());
}

describe("what a setup returns", () => {
  it.each([
    [undefined, "its setup returns undefined. Return the hooks, or {} for none."],
    [null, "its setup returns null."],
    [() => {}, "its setup returns () => {"],
    [{ onSetled() {} }, "its setup returns onSetled. Use one of onRequest, preParsing,"],
    [{ onRequest: "no" }, "its onRequest is string. Give a function."],
    [{ onRoute: {} }, "its onRoute is object. Give a function."],
    [
      { onRequest: (_request: unknown, _reply: unknown, done: () => void) => done() },
      "its onRequest takes a callback. Return when it is done, or a promise.",
    ],
    [
      { onSend: (_q: unknown, _r: unknown, _payload: unknown, done: () => void) => done() },
      "its onSend takes a callback.",
    ],
    [{ async onHeaders() {} }, "its onHeaders is async. Headers do not wait:"],
  ])("is refused where it could not run as it was written: %o", async (setup, why) => {
    await expect(register(setup)).rejects.toMatchObject({
      code: "LAYER_INVALID_DEFINITION",
      message: expect.stringContaining(`The layer odd is not valid: ${why}`),
    });
  });

  it.each([
    {},
    { onRequest: undefined },
    { onSettled: async (_request: unknown, _reply: unknown, _outcome: unknown) => {} },
    { onRequest: (..._all: unknown[]) => {} },
  ])("may be %o", async (setup) => {
    await expect(register(setup)).resolves.toBeDefined();
  });

  it("may be recorded steps and hooks of its own, which run behind them", async () => {
    const app = createApp();
    const notes: string[] = [];
    const engine = fastifyPlugin(async (instance) => {
      instance.addHook("onRequest", async () => void notes.push("engine"));
    });
    const wrapped = defineLayer({
      name: "wrapped",
      place: "gate",
      async setup(instance) {
        const { steps, onRoute } = await record(instance, engine, {});
        return { steps, onRoute, onRequest: () => void notes.push("own") };
      },
    });
    await app.register(wrapped);
    await app.inject("/");
    expect(notes).toEqual(["engine", "own"]);
  });
});
