import { describe, expect, it } from "vitest";
import { internalOf, rootOf } from "../src/index.ts";
import { createApp } from "./support.ts";

it("rootOf gives the root of an app in every scope, and no other app's", async () => {
  const app = createApp();
  expect(rootOf(app)).toBe(app);
  app.register(async (child) => {
    expect(rootOf(child)).toBe(app);
    await child.register(async (grandchild) => {
      expect(rootOf(grandchild)).toBe(app);
    });
  });
  await app.ready();
  expect.assertions(3);
});

describe("internalOf", () => {
  it("finds what Fastify keeps, from every scope", async () => {
    const app = createApp({ bodyLimit: 42 });
    app.register(async (child) => {
      for (const scope of [app, child]) {
        expect(internalOf(scope, "fastify.options")).toMatchObject({ bodyLimit: 42 });
      }
    });
    await app.ready();
    expect.assertions(2);
  });

  it("gives undefined where Fastify keeps nothing of the name", () => {
    expect(internalOf(createApp(), "fastify.elsewhere")).toBeUndefined();
  });
});
