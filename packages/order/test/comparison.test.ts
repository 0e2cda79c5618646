import { adopt } from "@enfilade/layer";
import compress from "@fastify/compress";
import cors from "@fastify/cors";
import rateLimit from "@fastify/rate-limit";
import Fastify, { type FastifyInstance, type onRequestHookHandler } from "fastify";
import fastifyPlugin from "fastify-plugin";
import { describe, expect, it, onTestFinished } from "vitest";
import { order } from "../src/index.ts";
import { layer } from "./probes.ts";

/*
 * The README's table "the same registrations, in plain Fastify and in line", row by row.
 */

const lock: onRequestHookHandler = (request, reply, done) => {
  if (request.headers.authorization === undefined) reply.code(401).send({ no: true });
  else done();
};
const locked = fastifyPlugin(async (app: FastifyInstance) => {
  app.addHook("onRequest", lock);
});
const origin = { origin: "https://app.example" };

function fresh(): FastifyInstance {
  const app = Fastify();
  onTestFinished(() => app.close());
  return app;
}

async function inLine(): Promise<FastifyInstance> {
  const app = fresh();
  await app.register(order);
  return app;
}

async function statuses(app: FastifyInstance, url: string, times: number): Promise<number[]> {
  const seen: number[] = [];
  for (let time = 0; time < times; time++) seen.push((await app.inject(url)).statusCode);
  return seen;
}

describe("a limiter of 2, and authentication", () => {
  it("in plain Fastify lets everybody guess for ever, though the limiter is registered first", async () => {
    const app = fresh();
    await app.register(rateLimit, { max: 2 });
    await app.register(locked);
    app.get("/", async () => "hello");
    expect(await statuses(app, "/", 5)).toEqual([401, 401, 401, 401, 401]);
  });

  it("in line stops the third guess, though the limiter is registered last", async () => {
    const app = await inLine();
    app.get("/", async () => "hello");
    app.register(adopt(locked, { name: "lock", place: "authenticate" }));
    app.register(adopt(rateLimit, { name: "rate-limit", place: "shield" }), { max: 2 });
    expect(await statuses(app, "/", 5)).toEqual([401, 401, 429, 429, 429]);
  });
});

describe("cors after authentication", () => {
  it("in plain Fastify keeps the browser from reading the 401, and refuses its preflight", async () => {
    const app = fresh();
    await app.register(locked);
    await app.register(cors, origin);
    app.get("/", async () => "hello");
    expect((await app.inject("/")).headers["access-control-allow-origin"]).toBeUndefined();
    expect((await preflight(app)).statusCode).toBe(401);
  });

  it("in line lets it be read, and answers the preflight", async () => {
    const app = await inLine();
    app.register(adopt(locked, { name: "lock", place: "authenticate" }));
    app.register(adopt(cors, { name: "cors", place: "share" }), origin);
    app.get("/", async () => "hello");
    expect((await app.inject("/")).headers["access-control-allow-origin"]).toBe(origin.origin);
    expect((await preflight(app)).statusCode).toBe(204);
  });

  const preflight = (app: FastifyInstance) =>
    app.inject({
      method: "OPTIONS",
      url: "/",
      headers: { ...origin, "access-control-request-method": "GET" },
    });
});

describe("compress without await, then a route", () => {
  const headers = { "accept-encoding": "gzip" };
  const encodings = async (app: FastifyInstance) => {
    const answers = [
      await app.inject({ url: "/", headers }),
      await app.inject({ url: "/no", headers }),
    ];
    return answers.map((answer) => answer.headers["content-encoding"]);
  };

  it("in plain Fastify compresses neither the route nor what is not found", async () => {
    const app = fresh();
    app.register(compress, { threshold: 0 });
    app.get("/", async () => "hello");
    expect(await encodings(app)).toEqual([undefined, undefined]);
  });

  it("in line compresses both", async () => {
    const app = await inLine();
    app.register(adopt(compress, { name: "compress", place: "encode" }), { threshold: 0 });
    app.get("/", async () => "hello");
    expect(await encodings(app)).toEqual(["gzip", "gzip"]);
  });
});

describe("a quota at the root, and authentication in a child", () => {
  const notes: string[] = [];
  const note = (name: string) => ({ onRequest: () => void notes.push(name) });

  it("in plain Fastify spends the quota before anybody knows whose", async () => {
    notes.length = 0;
    const app = fresh();
    await app.register(layer("quota", "spend", note("quota")));
    await app.register(async (child) => {
      await child.register(layer("api-key", "authenticate", note("api-key")));
      child.get("/", async () => "hello");
    });
    await app.inject("/");
    expect(notes).toEqual(["quota", "api-key"]);
  });

  it("in line authenticates first", async () => {
    notes.length = 0;
    const app = await inLine();
    await app.register(layer("quota", "spend", note("quota")));
    await app.register(async (child) => {
      await child.register(layer("api-key", "authenticate", note("api-key")));
      child.get("/", async () => "hello");
    });
    await app.inject("/");
    expect(notes).toEqual(["api-key", "quota"]);
  });
});

describe("two onSend hooks", () => {
  const wrap = (name: string) => ({
    onSend: (_request: unknown, _reply: unknown, payload: unknown) => `${name}(${payload})`,
  });

  it("in plain Fastify run first in, first out: the outer one sees the payload first", async () => {
    const app = fresh();
    await app.register(layer("outer", "encode", wrap("outer")));
    await app.register(layer("inner", "shape", wrap("inner")));
    app.get("/", async () => "payload");
    expect((await app.inject("/")).body).toBe("inner(outer(payload))");
  });

  it("in line run as an onion", async () => {
    const app = await inLine();
    await app.register(layer("inner", "shape", wrap("inner")));
    await app.register(layer("outer", "encode", wrap("outer")));
    app.get("/", async () => "payload");
    expect((await app.inject("/")).body).toBe("outer(inner(payload))");
  });
});
