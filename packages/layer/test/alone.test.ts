import { setImmediate as immediate } from "node:timers/promises";
import type { FastifyInstance } from "fastify";
import { describe, expect, it } from "vitest";
import { layersAlone } from "../src/arranging.ts";
import { defineLayer, type Layer } from "../src/index.ts";
import { createApp, layer } from "./support.ts";

/** A layer that notes its name in every phase of a plain exchange. */
function noting(name: string, notes: string[]): Layer {
  const note = (phase: string) => () => void notes.push(`${phase} ${name}`);
  return layer(
    {
      onRequest: note("onRequest"),
      onHeaders: note("onHeaders"),
      onSettled: note("onSettled"),
    },
    name,
  );
}

async function notesOf(app: FastifyInstance, notes: string[], url: string): Promise<string[]> {
  notes.length = 0;
  await app.inject(url);
  return [...notes];
}

describe("a layer without an arrangement", () => {
  it("reaches the scope that it was registered in and those below, and no other", async () => {
    const notes: string[] = [];
    const app = createApp();
    app.register(async (child) => {
      await child.register(noting("child", notes));
      child.get("/child", async () => "hello");
      child.register(async (grandchild) => {
        grandchild.get("/grandchild", async () => "hello");
      });
    });
    app.register(async (sibling) => {
      await sibling.register(noting("sibling", notes));
      sibling.get("/sibling", async () => "hello");
    });
    app.get("/root", async () => "hello");
    const reached = ["onRequest child", "onHeaders child", "onSettled child"];
    expect(await notesOf(app, notes, "/child")).toEqual(reached);
    expect(await notesOf(app, notes, "/grandchild")).toEqual(reached);
    expect(await notesOf(app, notes, "/sibling")).toEqual(
      reached.map((note) => note.replace("child", "sibling")),
    );
    expect(await notesOf(app, notes, "/root")).toEqual([]);
  });

  it.each(["before", "after"])(
    "of a parent, registered %s that of its child, runs with it, the child's responses first",
    async (when) => {
      const notes: string[] = [];
      const app = createApp();
      if (when === "before") await app.register(noting("parent", notes));
      app.register(async (child) => {
        await child.register(noting("child", notes));
        child.get("/", async () => "hello");
      });
      if (when === "after") await app.register(noting("parent", notes));
      const all = await notesOf(app, notes, "/");
      const [inbound, outbound] = [all.slice(0, 2), all.slice(2)];
      expect(inbound.toSorted()).toEqual(["onRequest child", "onRequest parent"]);
      expect(outbound).toEqual([
        "onHeaders child",
        "onHeaders parent",
        "onSettled child",
        "onSettled parent",
      ]);
    },
  );

  it.each(["before", "after"])(
    "of a parent, registered %s that of its child, lets a reply keep what describes it",
    async (when) => {
      const app = createApp();
      if (when === "before") await app.register(noting("parent", []));
      app.register(async (child) => {
        await child.register(noting("child", []));
        child.get("/", (_request, reply) => reply.header("etag", '"1"').send("hello"));
      });
      if (when === "after") await app.register(noting("parent", []));
      expect((await app.inject("/")).headers.etag).toBe('"1"');
    },
  );

  it("shares nothing with another app that registers the same one", async () => {
    const counter = defineLayer({
      name: "counter",
      place: "observe",
      setup(app) {
        let requests = 0;
        app.decorate("requests", () => requests);
        return {
          async onRequest() {
            await immediate();
            requests += 1;
          },
        };
      },
    });
    const apps = [createApp(), createApp()];
    for (const app of apps) await app.register(counter);
    const [first, second] = apps;
    await first?.inject("/");
    const counts = [first, second].map((app) =>
      (Reflect.get(app ?? {}, "requests") as () => number)(),
    );
    expect(counts).toEqual([1, 0]);
  });

  it("gives `this` as the instance of the route", async () => {
    const app = createApp();
    const seen: unknown[] = [];
    await app.register(
      layer({
        onRequest(this: unknown) {
          seen.push(this);
        },
        onHeaders(this: unknown) {
          seen.push(this);
        },
        onSettled(this: unknown) {
          seen.push(this);
        },
      }),
    );
    let instance: unknown;
    app.register(async (child) => {
      instance = child;
      child.get("/", async () => "hello");
    });
    await app.inject("/");
    expect(seen).toEqual([instance, instance, instance]);
  });

  it("adds hooks to a single route, its own phases too", async () => {
    const app = createApp();
    const notes: string[] = [];
    const chosen = defineLayer({
      name: "chosen",
      place: "observe",
      setup: () => ({
        onRoute({ options }) {
          if (options.url !== "/chosen") return;
          return (["onRequest", "onHeaders", "onSettled"] as const).map((phase) => ({
            phase,
            style: "return" as const,
            run: () => void notes.push(phase),
          }));
        },
      }),
    });
    await app.register(chosen);
    app.get("/chosen", async () => "hello");
    app.get("/other", async () => "hello");
    expect(await notesOf(app, notes, "/chosen")).toEqual(["onRequest", "onHeaders", "onSettled"]);
    expect(await notesOf(app, notes, "/other")).toEqual([]);
  });

  it("is known to an arrangement that comes too late", async () => {
    const app = createApp();
    await app.register(noting("root", []));
    app.register(async (child) => {
      await child.register(noting("child", []));
    });
    await app.ready();
    expect(layersAlone(app).map(({ name }) => name)).toEqual(["root", "child"]);
    expect(layersAlone(createApp())).toEqual([]);
  });
});
