import { connect } from "node:http2";
import { Readable } from "node:stream";
import Fastify, { type FastifyInstance, type FastifyServerOptions } from "fastify";
import { onTestFinished } from "vitest";
import { type TimingOptions, timing } from "../src/index.ts";

/** An app with a route for each kind of response, and timing before them all. */
export async function createApp(
  options: TimingOptions = {},
  server: FastifyServerOptions = {},
): Promise<FastifyInstance> {
  const app = Fastify(server);
  onTestFinished(() => app.close());
  await app.register(timing, options);
  app.get("/json", async () => ({ ok: true }));
  app.get("/nothing", (_request, reply) => reply.code(204).send());
  app.get("/stream", (_request, reply) => reply.send(Readable.from(["a", "b"])));
  app.get("/empty-stream", (_request, reply) => reply.send(Readable.from([])));
  app.get("/web", async () => new Response(new Blob(["a"]).stream()));
  app.get("/error", async () => {
    throw new Error("no");
  });
  app.get("/broken-stream", (_request, reply) => {
    reply.send(new Readable({ read: () => {}, construct: (done) => done(new Error("no file")) }));
  });
  app.get("/hijacked", (_request, reply) => {
    reply.hijack();
    reply.raw.end("raw");
  });
  app.get("/hijacked-in-pieces", (_request, reply) => {
    reply.hijack();
    reply.raw.writeHead(200, { "x-own": "1" });
    reply.raw.write("a");
    reply.raw.end("b");
  });
  app.get("/events", (_request, reply) => {
    reply.hijack();
    reply.raw.setHeader("content-type", "text/event-stream");
    reply.raw.write("data: 1\n\n");
    reply.raw.end();
  });
  return app;
}

/** The routes of {@link createApp}, and one that it does not have. */
export const PATHS: readonly string[] = [
  "/json",
  "/nothing",
  "/stream",
  "/empty-stream",
  "/web",
  "/error",
  "/broken-stream",
  "/hijacked",
  "/hijacked-in-pieces",
  "/events",
  "/not-found",
];

/** Sends one request over HTTP/2 without TLS and waits for its end. */
export async function requestHttp2(
  origin: string,
  path: string,
): Promise<{
  headers: Record<string, unknown>;
  trailers: Record<string, unknown>;
  body: string;
}> {
  const session = connect(origin);
  const stream = session.request({ ":path": path });
  const seen = { headers: {}, trailers: {}, body: "" };
  stream.setEncoding("utf8");
  stream.on("response", (headers) => Object.assign(seen.headers, headers));
  stream.on("trailers", (trailers) => Object.assign(seen.trailers, trailers));
  stream.on("data", (text: string) => {
    seen.body += text;
  });
  return await new Promise((resolve, reject) => {
    stream.on("error", reject);
    stream.on("close", () => session.close(() => resolve(seen)));
  });
}
