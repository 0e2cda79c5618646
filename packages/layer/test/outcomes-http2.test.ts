import { once } from "node:events";
import { type ClientHttp2Session, connect, constants } from "node:http2";
import { Readable } from "node:stream";
import { createDeferred, pieces } from "@enfilade/testing";
import Fastify, { type FastifyInstance } from "fastify";
import { expect, it, onTestFinished } from "vitest";
import { outcomesOf, watchEndings } from "./support.ts";

/** An app over HTTP/2 that records how its exchanges end. */
async function createHttp2App() {
  const app = Fastify({ http2: true }) as unknown as FastifyInstance;
  onTestFinished(() => app.close());
  return { app, endings: await watchEndings(app) };
}

async function clientOf(app: FastifyInstance): Promise<ClientHttp2Session> {
  const client = connect(await app.listen({ port: 0, host: "127.0.0.1" }));
  // Before the app is closed, which waits for its sessions.
  onTestFinished(() => client.destroy());
  client.on("error", () => {});
  return client;
}

it.each([
  ["a reply", "/reply"],
  ["a stream", "/stream"],
  ["an error", "/error"],
  ["what is not found", "/nowhere"],
  ["a hijacked reply", "/hijacked"],
])("%s is completed over HTTP/2", async (_what, path) => {
  const { app, endings } = await createHttp2App();
  app.get("/reply", async () => ({ ok: true }));
  app.get("/stream", (_request, reply) => reply.send(Readable.from(["a", "b"])));
  app.get("/error", async () => Promise.reject(new Error("on purpose")));
  app.get("/hijacked", (_request, reply) => {
    reply.hijack();
    reply.raw.end("mine");
  });
  const client = await clientOf(app);
  await client.request({ ":path": path }).toArray();
  client.close();
  expect(await outcomesOf(app, endings)).toEqual(["completed"]);
});

it("what the client cancels is aborted: before the reply, and in the middle of a stream", async () => {
  const { app, endings } = await createHttp2App();
  const reached = createDeferred();
  app.get("/never", () => {
    reached.resolve();
    return new Promise(() => {});
  });
  app.get("/stream", (_request, reply) =>
    reply.send(Readable.from(pieces("first", new Promise(() => {})))),
  );
  const client = await clientOf(app);

  const early = client.request({ ":path": "/never" });
  await reached.promise;
  early.close(constants.NGHTTP2_CANCEL);
  await endings.until(({ length }) => length === 1);

  const late = client.request({ ":path": "/stream" });
  await once(late, "data");
  late.close(constants.NGHTTP2_CANCEL);
  await endings.until(({ length }) => length === 2);

  client.close();
  expect(await outcomesOf(app, endings, 2)).toEqual(["aborted", "aborted"]);
});

it("a session that is lost aborts what was under way", async () => {
  const { app, endings } = await createHttp2App();
  app.get("/stream", (_request, reply) =>
    reply.send(Readable.from(pieces("first", new Promise(() => {})))),
  );
  const client = await clientOf(app);
  const request = client.request({ ":path": "/stream" });
  request.on("error", () => {});
  await once(request, "data");
  client.destroy();
  expect(await outcomesOf(app, endings)).toEqual(["aborted"]);
});

it("a stream that fails after its headers is errored", async () => {
  const { app, endings } = await createHttp2App();
  const failure = createDeferred<string>();
  app.get("/", (_request, reply) => reply.send(Readable.from(pieces("first", failure.promise))));
  const client = await clientOf(app);
  const request = client.request({ ":path": "/" });
  request.on("error", () => {});
  const closed = new Promise((resolve) => request.once("close", resolve));
  await once(request, "data");
  failure.reject(new Error("no more"));
  await closed;
  client.close();
  expect(await outcomesOf(app, endings)).toEqual(["errored"]);
});

it("a hijacked reply that the handler destroys is errored", async () => {
  const { app, endings } = await createHttp2App();
  app.get("/", (_request, reply) => {
    reply.hijack();
    reply.raw.write("first", () => reply.raw.destroy());
  });
  const client = await clientOf(app);
  const request = client.request({ ":path": "/" });
  request.on("error", () => {});
  request.resume();
  await new Promise((resolve) => request.once("close", resolve));
  client.close();
  expect(await outcomesOf(app, endings)).toEqual(["errored"]);
});
