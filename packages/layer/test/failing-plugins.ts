import Fastify, { type FastifyInstance, type FastifyPluginAsync } from "fastify";
import fastifyPlugin from "fastify-plugin";
import { adopt } from "../src/index.ts";

/* A program of its own: what escapes as an uncaught exception would end the test runner, not fail a test. */

process.on("uncaughtException", ({ message }) => console.log(`uncaught: ${message}`));
process.on("unhandledRejection", (reason) => console.log(`unhandled: ${String(reason)}`));

const fail = () => {
  throw new Error("on purpose");
};
const shared = (plugin: (app: FastifyInstance, options: object, done: () => void) => void) =>
  fastifyPlugin(plugin);
const registers = (nested: () => unknown): FastifyPluginAsync => {
  return async (app) => void app.register(nested() as FastifyPluginAsync);
};

const plugins: Record<string, () => unknown> = {
  "throws at once": () => fail,
  "throws beside its callback": () => (_app: unknown, _options: unknown, _done: unknown) => fail(),
  "calls back with an error": () => (_app: unknown, _options: unknown, done: (e: Error) => void) =>
    done(new Error("on purpose")),
  rejects: () => async () => fail(),
  "registers one that throws": () => registers(() => fail),
  "registers a shared one that throws": () => registers(() => shared(fail)),
  "registers a shared one that throws beside its callback": () =>
    registers(() => shared((_app, _options, _done) => fail())),
  "registers one that registers one that throws": () =>
    registers(() =>
      shared((app, _options, done) => {
        app.register(shared(fail));
        done();
      }),
    ),
  "registers a promise of one that throws": () => registers(() => Promise.resolve(shared(fail))),
  "registers a promise that is broken": () => registers(async () => fail()),
};

for (const [what, plugin] of Object.entries(plugins)) {
  const app = Fastify();
  app.register(adopt(plugin() as FastifyPluginAsync, { name: "failing", place: "gate" }));
  await app.ready().then(
    () => console.log(`${what}: booted`),
    ({ message }: Error) => console.log(`${what}: ${message}`),
  );
  await app.close();
}
