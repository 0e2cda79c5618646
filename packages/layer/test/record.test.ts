import type { FastifyInstance, FastifyPluginAsync, FastifyPluginCallback } from "fastify";
import fastifyPlugin from "fastify-plugin";
import { describe, expect, it } from "vitest";
import { adopt, defineLayer, type Recording, type RouteView, record } from "../src/index.ts";
import { createApp, layer } from "./support.ts";

type Hook = (request: unknown, reply: unknown, done: () => void) => void;
const hook: Hook = (_request, _reply, done) => done();

/** Records a plugin in an app of its own. */
async function recordingOf(plugin: FastifyPluginAsync) {
  const app = createApp();
  let recording: Recording | undefined;
  app.register(
    fastifyPlugin(async (instance) => {
      recording = await record(instance, plugin, {});
    }),
  );
  await app.ready();
  if (recording === undefined) throw new Error("nothing was recorded");
  return { app, recording };
}

const thrown = () => {
  throw new Error("on purpose");
};

describe("a plugin that fails rejects ready()", () => {
  const failing: [string, FastifyPluginCallback | FastifyPluginAsync][] = [
    ["at once", thrown],
    ["at once, though it takes a callback", (_app, _options, _done) => thrown()],
    ["by its callback", (_app, _options, done) => done(new Error("on purpose"))],
    ["later", async () => thrown()],
    ["in one that it registers", async (app: FastifyInstance) => void app.register(thrown)],
    [
      "in one that it registers without encapsulation",
      async (app: FastifyInstance) => void app.register(fastifyPlugin(thrown)),
    ],
    [
      "two levels down",
      async (app: FastifyInstance) =>
        void app.register(
          fastifyPlugin(async (inner) => void inner.register(fastifyPlugin(thrown))),
        ),
    ],
  ];
  it.each(failing)("%s", async (_when, plugin) => {
    await expect(recordingOf(fastifyPlugin(plugin as FastifyPluginAsync))).rejects.toThrow(
      "on purpose",
    );
    const app = createApp();
    const adopted = adopt(fastifyPlugin(plugin as FastifyPluginAsync), {
      name: "failing",
      place: "gate",
    });
    app.register(adopted);
    await expect(app.ready()).rejects.toThrow("on purpose");
  });
});

describe("a recording", () => {
  it("has the hooks of a plugin, and of those that it registers, in the order of Fastify", async () => {
    const noted: string[] = [];
    const noting =
      (name: string): Hook =>
      (_request, _reply, done) => {
        noted.push(name);
        done();
      };
    const plugin: FastifyPluginAsync = async (app) => {
      app.addHook("onRequest", noting("first"));
      app.register(
        fastifyPlugin(async (inner) => void inner.addHook("onRequest", noting("nested"))),
      );
      app.addHook("onRequest", noting("last"));
    };
    const { app, recording } = await recordingOf(plugin);
    await app.inject("/");
    expect(noted, "recorded, not added").toEqual([]);

    for (const { phase, style, run } of recording.steps) {
      expect([phase, style]).toEqual(["onRequest", "callback"]);
      run(undefined, undefined, () => {});
    }
    const plain = createApp();
    await plain.register(fastifyPlugin(plugin));
    const recorded = noted.splice(0);
    await plain.inject("/");
    expect(recorded).toEqual(noted);
  });

  it("leaves the hooks of an encapsulated plugin in their scope, and those of the application", async () => {
    const noted: string[] = [];
    const { app, recording } = await recordingOf(async (instance) => {
      instance.addHook("onClose", async () => void noted.push("closed"));
      instance.register(async (child) => {
        child.addHook("onRequest", async () => void noted.push("child"));
        child.get("/child", async () => "hello");
      });
    });
    expect(recording.steps).toEqual([]);
    await app.inject("/child");
    await app.inject("/nowhere");
    await app.close();
    expect(noted).toEqual(["child", "closed"]);
  });

  it("lets decorators, routes and parsers arrive", async () => {
    const { app } = await recordingOf(async (instance) => {
      instance.decorate("greeting", "hello");
      instance.get("/", async () => Reflect.get(instance, "greeting"));
      instance.addContentTypeParser("text/x", { parseAs: "string" }, (_q, body, done) =>
        done(null, body),
      );
    });
    expect((await app.inject("/")).body).toBe("hello");
    expect(app.hasContentTypeParser("text/x")).toBe(true);
  });

  it("refuses a hook that Fastify refuses", async () => {
    const mixed = async (_request: unknown, _reply: unknown, _done: unknown) => {};
    await expect(
      recordingOf(async (app) => void app.addHook("onRequest", mixed as never)),
    ).rejects.toThrow(/Async function has too many arguments/);
  });
});

describe("onRoute handlers of a recorded plugin", () => {
  const view = (options: object, instance: FastifyInstance, late = false): RouteView => ({
    options: options as RouteView["options"],
    instance,
    late,
    notFound: false,
    unreachable(why) {
      throw new Error(why);
    },
  });

  it("give the hooks that they add as steps; all else reaches the route", async () => {
    const { app, recording } = await recordingOf(async (instance) => {
      instance.addHook("onRoute", (options) => {
        options.onRequest = [options.onRequest ?? [], hook].flat() as never;
        options.bodyLimit = 10;
      });
    });
    const own = () => {};
    const options: { onRequest: unknown; bodyLimit?: number } = { onRequest: own };
    expect(recording.onRoute(view(options, app))).toEqual([
      { phase: "onRequest", style: "callback", run: hook },
    ]);
    expect(options).toEqual({ onRequest: own, bodyLimit: 10 });
  });

  it("cannot change what Fastify has read already", async () => {
    const { app, recording } = await recordingOf(async (instance) => {
      instance.addHook("onRoute", (options) => {
        options.bodyLimit = 10;
      });
    });
    expect(() => recording.onRoute(view({}, app, true))).toThrow(
      'it changes "bodyLimit" of a route that was declared before it',
    );
  });

  it("work alone, on the routes that are declared after them", async () => {
    const app = createApp();
    const plugin = fastifyPlugin(async (instance) => {
      instance.addHook("onRoute", (options) => {
        options.onSend = [async () => `only ${options.url}`];
      });
    });
    await app.register(adopt(plugin, { name: "by-route", place: "encode" }));
    app.get("/a", async () => "hello");
    expect((await app.inject("/a")).body).toBe("only /a");
  });
});

describe("the metadata of an adopted plugin", () => {
  it("keeps its name, so that others can depend on it", async () => {
    const app = createApp();
    const plugin = fastifyPlugin(async () => {}, { name: "foreign", fastify: "5.x" });
    await app.register(adopt(plugin, { name: "adopted", place: "gate" }));
    await app.register(fastifyPlugin(async () => {}, { dependencies: ["foreign"] }));
    await app.ready();
    expect(app.hasPlugin("foreign")).toBe(true);
  });

  it("makes it wait for what it depends on itself", async () => {
    const app = createApp();
    const plugin = fastifyPlugin(async () => {}, { name: "foreign", dependencies: ["missing"] });
    app.register(adopt(plugin, { name: "adopted", place: "gate" }));
    await expect(app.ready()).rejects.toThrow(/'missing' of plugin 'foreign'/);
  });
});

it("a recording that a layer hands on runs where the layer stands", async () => {
  const app = createApp();
  const notes: string[] = [];
  const engine = fastifyPlugin(async (instance) => {
    instance.addHook("onRequest", async () => void notes.push("engine"));
  });
  const wrapped = defineLayer({
    name: "wrapped",
    place: "gate",
    setup: async (instance) => ({ ...(await record(instance, engine, {})) }),
  });
  await app.register(layer({ onRequest: () => void notes.push("before") }));
  await app.register(wrapped);
  app.get("/", async () => "hello");
  await app.inject("/");
  expect(notes).toEqual(["before", "engine"]);
});
