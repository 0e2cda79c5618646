import { gunzipSync } from "node:zlib";
import { adopt } from "@enfilade/layer";
import compress from "@fastify/compress";
import Fastify, { type FastifyInstance } from "fastify";
import { describe, expect, it, onTestFinished } from "vitest";
import { arrange, order } from "../src/index.ts";
import { layer, probe } from "./probes.ts";

const PHASES = ["onRequest", "preHandler", "preSerialization", "onSend", "onSettled"] as const;

function fresh(): FastifyInstance {
  const app = Fastify();
  onTestFinished(() => app.close());
  return app;
}

/** What is declared at once, before anything has loaded. */
function declare(app: FastifyInstance, notes: string[]): void {
  app.get("/", { onSend: async () => void notes.push("onSend route") }, async () => ({ ok: true }));
  app.register(probe("outer", "observe", notes, PHASES));
  app.register(probe("inner", "spend", notes, PHASES));
  app.addHook("onSend", async () => void notes.push("onSend user"));
}

const inLine = [
  "onRequest outer",
  "onRequest inner",
  "preHandler outer",
  "preHandler inner",
  "preSerialization inner",
  "preSerialization outer",
  "onSend user",
  "onSend route",
  "onSend inner",
  "onSend outer",
  "onSettled inner",
  "onSettled outer",
];

describe("routes that are declared before any layer has loaded", () => {
  it("are in line, with the order awaited", async () => {
    const notes: string[] = [];
    const app = fresh();
    await app.register(order);
    declare(app, notes);
    await app.inject("/");
    expect(notes).toEqual(inLine);
    expect(app.order.findings()).toEqual([]);
  });

  it("are in line in a factory that cannot await, with arrange(app)", async () => {
    const notes: string[] = [];
    const app = fresh();
    arrange(app);
    declare(app, notes);
    await app.inject("/");
    expect(notes).toEqual(inLine);
    expect(app.order.findings()).toEqual([]);
  });

  it("are in line, but for response hooks that were added so far, where the order was not awaited", async () => {
    const notes: string[] = [];
    const app = fresh();
    app.register(order);
    declare(app, notes);
    await app.inject("/");
    const users = ["onSend user", "onSend route"];
    expect(notes).toEqual([
      ...inLine.slice(0, 6),
      "onSend inner",
      "onSend outer",
      ...users,
      ...inLine.slice(-2),
    ]);
    expect(app.order.findings()).toMatchObject([{ code: "ORDER_NOT_AWAITED" }]);
  });
});

describe("routes from before the order had loaded", () => {
  it("obey their own config.public and config.skip", async () => {
    const app = fresh();
    app.register(order);
    app.get("/open", { config: { public: true } }, async () => "open");
    app.get("/quiet", { config: { skip: ["log"] } }, async () => "quiet");
    app.get("/closed", async () => "closed");
    app.get("/typo", { config: { public: "false" } as object }, async () => "typo");
    app.register(
      layer("lock", "authenticate", { onRequest: (_q, reply) => reply.code(401).send() }),
    );
    const notes: string[] = [];
    app.register(probe("log", "observe", notes, ["onRequest"]));
    expect((await app.inject("/open")).statusCode).toBe(200);
    expect((await app.inject("/closed")).statusCode).toBe(401);
    expect(notes).toHaveLength(2);
    // Nobody audits the config of such a route; what cannot be read opens nothing.
    expect((await app.inject("/typo")).statusCode).toBe(401);
    notes.pop();
    expect((await app.inject("/quiet")).statusCode).toBe(401);
    expect(notes).toHaveLength(2);
  });

  it("do not keep the routes of plugins from what works route by route", async () => {
    const app = fresh();
    arrange(app);
    app.get("/early", async () => "long enough ".repeat(200));
    app.register(async (child) => void child.get("/child", async () => "long enough ".repeat(200)));
    app.register(adopt(compress, { name: "compress", place: "encode" }));
    for (const url of ["/early", "/child"]) {
      const response = await app.inject({ url, headers: { "accept-encoding": "gzip" } });
      expect(gunzipSync(response.rawPayload).toString(), url).toContain("long enough");
    }
  });
});
