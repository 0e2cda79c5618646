import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { adopt } from "@enfilade/layer";
import { runModule } from "@enfilade/testing";
import type { FastifyInstance, FastifyPluginAsync, FastifyPluginCallback } from "fastify";
import fastifyPlugin from "fastify-plugin";
import { describe, expect, it } from "vitest";
import { refusalOf } from "./boot.ts";

const packageFolder = join(import.meta.dirname, "..");

describe("a plugin that fails while it is registered rejects ready()", () => {
  const failing: [string, FastifyPluginCallback | FastifyPluginAsync][] = [
    [
      "throws at once",
      () => {
        throw new Error("on purpose");
      },
    ],
    ["calls back with an error", (_app, _options, done) => done(new Error("on purpose"))],
    ["rejects", async () => Promise.reject(new Error("on purpose"))],
    [
      "throws at once although it takes a callback",
      (_app, _options, _done) => {
        throw new Error("on purpose");
      },
    ],
    [
      "registers a plugin that throws",
      async (app: FastifyInstance) => {
        app.register(
          fastifyPlugin(() => {
            throw new Error("on purpose");
          }),
        );
      },
    ],
    [
      "registers a plugin that is encapsulated and rejects",
      async (app: FastifyInstance) => {
        app.register(async () => Promise.reject(new Error("on purpose")));
      },
    ],
  ];
  it.each(failing)("one that %s", async (_how, plugin) => {
    const foreign = fastifyPlugin(plugin as FastifyPluginAsync);
    const refusal = await refusalOf([
      (app) => app.register(adopt(foreign, { name: "failing", place: "gate" })),
    ]);
    expect(refusal.message).toBe("on purpose");
  });
});

it("@fastify/cors twice in one chain rejects ready(), and does not bring the process down", async () => {
  const program = fileURLToPath(import.meta.resolve("./cors-twice.ts"));
  const { exitCode, output } = await runModule(program, packageFolder);
  expect(output).toContain("rejected with FST_ERR_DEC_ALREADY_PRESENT");
  expect(output).not.toContain("uncaught");
  expect(exitCode).toBe(0);
});
