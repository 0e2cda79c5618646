import { Readable } from "node:stream";
import { adopt, defineLayer, type Layer, type Phase } from "@enfilade/layer";
import websocket from "@fastify/websocket";
import Fastify, { type FastifyInstance, type FastifyPluginAsync } from "fastify";
import fastifyPlugin from "fastify-plugin";
import { order } from "../src/index.ts";
import type { AppSpec, LayerSpec } from "./app-spec.ts";

/** Takes down what ran, as `phase name`. */
export type Note = (entry: string) => void;

/** Builds a generated app, registering everything in the permutation that a seed gives. */
export async function buildApp(spec: AppSpec, seed: number, note: Note): Promise<FastifyInstance> {
  const app = Fastify();
  await app.register(order);
  await app.register(websocket);
  await fill(app, spec, 0, random(seed), note);
  await app.ready();
  return app;
}

/** The path of one of a scope's routes. */
export function pathTo(spec: AppSpec, index: number, route: string): string {
  const { name, parent, prefix = "" } = spec.scopes[index] ?? { name: "", parent: 0 };
  const outer = index === 0 ? "" : prefixOf(spec, parent);
  return `${outer}${prefix}/${name}/${route}`;
}

function prefixOf(spec: AppSpec, index: number): string {
  const { parent, prefix = "" } = spec.scopes[index] ?? { parent: 0 };
  return index === 0 ? "" : `${prefixOf(spec, parent)}${prefix}`;
}

async function fill(
  app: FastifyInstance,
  spec: AppSpec,
  index: number,
  next: () => number,
  note: Note,
): Promise<void> {
  const { userHook = false, lateRoutes = false, name = "" } = spec.scopes[index] ?? {};
  const steps: (() => unknown)[] = [
    ...spec.layers
      .filter(({ scope }) => scope === index)
      .map((layer) => () => app.register(layerOf(layer, note))),
    ...spec.scopes.flatMap((scope, child) => {
      if (child === 0 || scope.parent !== index) return [];
      const plugin: FastifyPluginAsync = async (instance) =>
        fill(instance, spec, child, next, note);
      Object.defineProperty(plugin, Symbol.for("fastify.display-name"), { value: scope.name });
      return () => app.register(plugin, scope.prefix === undefined ? {} : { prefix: scope.prefix });
    }),
    async () => {
      if (lateRoutes) await null;
      declareRoutes(app, name);
    },
    () => userHook && addUserHooks(app, name, note),
  ];
  for (const step of shuffle(steps, next)) await pass(step());
}

/** Awaits what a route declaration awaits, but no registration: those are left to Fastify. */
async function pass(result: unknown): Promise<void> {
  if (result instanceof Promise) await result;
}

function declareRoutes(app: FastifyInstance, scope: string): void {
  app.get(`/${scope}/reply`, async () => ({ ok: true }));
  app.get(`/${scope}/error`, async () => {
    throw new Error("on purpose");
  });
  app.get(`/${scope}/stream`, (_request, reply) => {
    reply.type("text/event-stream").send(Readable.from(["data: 1\n\n", "data: 2\n\n"]));
  });
  app.get(`/${scope}/hijacked`, (_request, reply) => {
    reply.hijack();
    reply.raw.end("mine");
  });
  app.get(`/${scope}/upgrade`, { websocket: true }, (socket) => {
    socket.on("message", () => socket.close());
  });
}

function addUserHooks(app: FastifyInstance, scope: string, note: Note): void {
  app.addHook("preHandler", async () => note(`preHandler user-${scope}`));
  app.addHook("onSend", async () => note(`onSend user-${scope}`));
}

/** Makes a layer out of hooks in our styles, and adopts a plugin for those that call back. */
function layerOf(spec: LayerSpec, note: Note): Layer {
  const { name, place, before } = spec;
  if (spec.hooks.some(([phase, style]) => style === "callback" && takesCallback(phase))) {
    return adopt(foreign(spec, note), { name, place, before });
  }
  const setup = () =>
    Object.fromEntries(
      spec.hooks.map(([phase, style]) => {
        const sync = () => note(`${phase} ${name}`);
        const async = async () => {
          await null;
          sync();
        };
        return [phase, style === "async" && phase !== "onHeaders" ? async : sync];
      }),
    );
  return defineLayer({ name, place, before, setup });
}

function foreign({ name, hooks }: LayerSpec, note: Note): FastifyPluginAsync {
  return fastifyPlugin(async (app: FastifyInstance) => {
    for (const [phase, style] of hooks) {
      if (!takesCallback(phase)) continue;
      const hook = (...args: unknown[]) => {
        const done = args.at(-1) as () => void;
        note(`${phase} ${name}`);
        if (style === "callback") setImmediate(done);
        else done();
      };
      app.addHook(phase as "onRequest", hook as () => void);
    }
  });
}

/** The two phases of our own do not exist for a foreign plugin. */
function takesCallback(phase: Phase): boolean {
  return phase !== "onHeaders" && phase !== "onSettled";
}

/** A small generator (mulberry32), so that a seed stands for one permutation. */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

function shuffle<T>(items: readonly T[], next: () => number): T[] {
  return items
    .map((item) => ({ item, rank: next() }))
    .sort((a, b) => a.rank - b.rank)
    .map(({ item }) => item);
}
