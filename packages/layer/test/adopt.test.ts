import type { FastifyInstance, FastifyPluginAsync } from "fastify";
import fastifyPlugin from "fastify-plugin";
import { describe, expect, it } from "vitest";
import { adopt } from "../src/index.ts";
import { createApp } from "./support.ts";

const at = { name: "adopted", place: "gate" } as const;

/** Adopts a plugin, and gives the names of the hooks that a request then runs. */
async function hooksOf(
  build: (hook: (name: string) => () => Promise<void>) => FastifyPluginAsync,
): Promise<string[]> {
  const notes: string[] = [];
  const app = createApp();
  await app.register(adopt(fastifyPlugin(build((name) => async () => void notes.push(name))), at));
  await app.inject("/");
  return notes;
}

describe("an adopted plugin", () => {
  it("may chain its registrations", async () => {
    const hooks = await hooksOf((hook) => async (app) => {
      app
        .register(fastifyPlugin(async (inner) => void inner.addHook("onRequest", hook("first"))))
        .register(fastifyPlugin(async (inner) => void inner.addHook("onRequest", hook("second"))))
        .addHook("onRequest", hook("third"));
    });
    expect(hooks).toEqual(["first", "second", "third"]);
  });

  it("may await what it registers, and register a promise of a plugin", async () => {
    const hooks = await hooksOf((hook) => async (app) => {
      const nested: FastifyPluginAsync = async (inner) => {
        inner.addHook("onRequest", hook("nested"));
      };
      const module = { default: fastifyPlugin(nested) };
      await app.register(Promise.resolve(module));
      app.addHook("onRequest", hook("after"));
    });
    expect(hooks).toEqual(["nested", "after"]);
  });

  it("may add hooks once others are loaded", async () => {
    const hooks = await hooksOf((hook) => async (app) => {
      app.register(fastifyPlugin(async (inner) => void inner.addHook("onRequest", hook("nested"))));
      app.after(() => void app.addHook("onRequest", hook("after")));
    });
    expect(hooks).toEqual(["nested", "after"]);
  });

  it("may give others a function that adds hooks later on", async () => {
    const notes: string[] = [];
    const app = createApp();
    const plugin = fastifyPlugin(async (instance: FastifyInstance) => {
      instance.decorate("protect", () => {
        instance.addHook("onRequest", async () => void notes.push("protected"));
      });
    });
    await app.register(adopt(plugin, at));
    (Reflect.get(app, "protect") as () => void)();
    await app.inject("/");
    expect(notes).toEqual(["protected"]);
  });

  it("keeps a prefix that is an option of its own", async () => {
    const app = createApp();
    const files = fastifyPlugin(async (instance: FastifyInstance, options: { prefix: string }) => {
      instance.get(`${options.prefix}file`, async () => "content");
    });
    await app.register(adopt(files, at), { prefix: "/public/" });
    expect((await app.inject("/public/file")).body).toBe("content");
  });

  it("refuses a prefix that would be Fastify's, and have no effect", async () => {
    const app = createApp();
    const routes = async (instance: FastifyInstance, _options: { prefix?: string }) => {
      instance.get("/a", async () => "a");
    };
    app.register(adopt(routes, at), { prefix: "/v1" });
    await expect(app.ready()).rejects.toMatchObject({ code: "LAYER_INVALID_REGISTRATION" });
  });

  it("may be a module with the plugin as its default", async () => {
    const app = createApp();
    const module = {
      default: fastifyPlugin(async (instance) => void instance.decorate("seen", 1)),
    };
    await app.register(adopt(module as unknown as FastifyPluginAsync, at));
    expect(app.hasDecorator("seen")).toBe(true);
  });
});
