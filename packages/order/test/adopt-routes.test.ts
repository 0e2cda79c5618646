import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { adopt } from "@enfilade/layer";
import sensible from "@fastify/sensible";
import fastifyStatic from "@fastify/static";
import swagger from "@fastify/swagger";
import underPressure from "@fastify/under-pressure";
import { describe, expect, it, onTestFinished } from "vitest";
import { boot, type Registration, WAYS } from "./boot.ts";
import { probe } from "./probes.ts";

const throughLayers = (notes: string[]): Registration => {
  return (app) => app.register(probe("seen", "observe", notes, ["onRequest"]));
};

describe.each(WAYS)("registered $way", ({ arrange }) => {
  it("@fastify/static serves files through the line", async () => {
    const root = await mkdtemp(join(tmpdir(), "enfilade-static-"));
    onTestFinished(() => rm(root, { recursive: true }));
    await writeFile(join(root, "page.txt"), "a page");
    const notes: string[] = [];
    const app = await boot(
      arrange([
        throughLayers(notes),
        (app) => app.register(adopt(fastifyStatic, { name: "static", place: "handle" }), { root }),
      ]),
    );
    expect((await app.inject("/page.txt")).body).toBe("a page");
    expect((await app.inject("/no-page.txt")).statusCode).toBe(404);
    expect(notes).toEqual(["onRequest seen", "onRequest seen"]);
  });

  it("@fastify/sensible gives its errors", async () => {
    const app = await boot(
      arrange([
        (app) => app.register(adopt(sensible, { name: "sensible", place: "shape" })),
        (app) =>
          app.get("/", async () => {
            throw app.httpErrors.paymentRequired();
          }),
      ]),
    );
    expect((await app.inject("/")).statusCode).toBe(402);
  });

  it("@fastify/under-pressure refuses with 503 before there is any work, what is not found too", async () => {
    const notes: string[] = [];
    const app = await boot(
      arrange([
        throughLayers(notes),
        (app) =>
          app.register(adopt(underPressure, { name: "load-shed", place: "gate" }), {
            healthCheck: async () => false,
            healthCheckInterval: 60_000,
          }),
        (app) => app.get("/", async () => "hello"),
        (app) => app.get("/alive", { config: { skip: ["load-shed"] } }, async () => "alive"),
      ]),
    );
    const refused = await app.inject("/");
    expect(refused.statusCode).toBe(503);
    expect(refused.headers["retry-after"]).toBe("10");
    expect((await app.inject("/nowhere")).statusCode).toBe(503);
    expect((await app.inject("/alive")).body).toBe("alive");
    expect(notes).toHaveLength(3);
  });

  it("@fastify/swagger lists the routes, those that came first too, and none that nobody declared", async () => {
    const app = await boot(
      arrange([
        (app) =>
          app.register(adopt(swagger, { name: "swagger", place: "handle" }), { openapi: {} }),
        (app) => app.get("/", async () => "hello"),
        (app) =>
          app.register(
            async (child) => {
              child.post("/runs", async () => "run");
              child.setNotFoundHandler((_request, reply) => reply.code(404).send());
            },
            { prefix: "/agents" },
          ),
        (app) => app.setNotFoundHandler((_request, reply) => reply.code(404).send()),
      ]),
    );
    const { paths } = app.swagger();
    expect(Object.entries(paths ?? {}).map(([path, on]) => [path, Object.keys(on ?? {})])).toEqual(
      expect.arrayContaining([
        ["/", ["get"]],
        ["/agents/runs", ["post"]],
      ]),
    );
    expect(Object.keys(paths ?? {})).toHaveLength(2);
  });
});
