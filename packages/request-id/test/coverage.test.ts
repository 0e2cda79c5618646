import { once } from "node:events";
import { connect } from "node:http2";
import { Readable } from "node:stream";
import { listen, openExchange } from "@enfilade/testing";
import websocket from "@fastify/websocket";
import Fastify, {
  type FastifyInstance,
  type FastifyReply,
  type FastifyServerOptions,
} from "fastify";
import { describe, expect, it, onTestFinished } from "vitest";
import { WebSocket } from "ws";
import { type RequestIdOptions, requestId } from "../src/index.ts";

const ID = "id-of-the-caller";

async function varied(options: RequestIdOptions = {}, server: FastifyServerOptions = {}) {
  const app = Fastify(server);
  onTestFinished(() => app.close());
  await app.register(requestId, options);
  app.get("/plain", async () => ({ ok: true }));
  app.get("/empty", (_request, reply) => reply.code(204).send());
  app.get("/stream", (_request, reply) => reply.send(Readable.from(["a", "b"])));
  app.get("/response", async () => new Response("web"));
  app.get("/throws", async () => {
    throw new Error("boom");
  });
  app.get("/fails-late", (_request, reply) =>
    reply.send(
      new Readable({
        read() {
          this.destroy(new Error("no such file"));
        },
      }),
    ),
  );
  app.get("/hijack", (_request, reply) => {
    reply.hijack();
    reply.raw.end("raw");
  });
  app.get("/raw", (_request, reply) => {
    reply.hijack();
    reply.raw.writeHead(200, { "content-type": "text/plain" });
    reply.raw.end("raw");
  });
  app.post("/schema", { schema: { body: { type: "object", required: ["a"] } } }, async () => "ok");
  app.get(
    "/refused",
    { onRequest: async (_request, reply) => reply.code(401).send({}) },
    async () => "never",
  );
  return app;
}

describe("every kind of response carries the id", () => {
  it.each([
    ["a plain one", "GET", "/plain", 200],
    ["HEAD", "HEAD", "/plain", 200],
    ["one without a body", "GET", "/empty", 204],
    ["a stream", "GET", "/stream", 200],
    ["a web Response", "GET", "/response", 200],
    ["an error", "GET", "/throws", 500],
    ["a stream that fails before its headers", "GET", "/fails-late", 500],
    ["a hijacked one", "GET", "/hijack", 200],
    ["one that a handler writes by itself", "GET", "/raw", 200],
    ["a refusal", "GET", "/refused", 401],
    ["404", "GET", "/nowhere", 404],
    ["a wrong method", "DELETE", "/plain", 404],
    ["OPTIONS that nobody answers", "OPTIONS", "/plain", 404],
    ["a body that does not parse", "POST", "/schema", 400],
  ])("%s", async (_what, method, path, status) => {
    const origin = await listen(await varied());
    const exchange = await openExchange(origin, {
      method,
      path,
      ...(method === "POST" && { body: "{" }),
      headers: {
        "x-request-id": ID,
        ...(method === "POST" && { "content-type": "application/json" }),
      },
    });
    const head = await exchange.head();
    expect(head.status).toBe(status);
    expect(head.headers.get("x-request-id")).toEqual([ID]);
  });

  it("over HTTP/2 too, when the handler takes the stream", async () => {
    const app = Fastify({ http2: true });
    await app.register(requestId);
    app.get("/", async (request) => request.id);
    app.get("/raw", (_request, reply) => {
      reply.hijack();
      reply.raw.end("raw");
    });
    const origin = await listen(app as unknown as FastifyInstance);
    const session = connect(origin);
    onTestFinished(() => session.destroy());
    for (const path of ["/", "/raw", "/nowhere"]) {
      const stream = session.request({ ":path": path, "x-request-id": ID });
      const [headers] = await once(stream, "response");
      expect(headers["x-request-id"]).toBe(ID);
      stream.close();
    }
  });

  it("but none does when the response header is off", async () => {
    const app = await varied({ responseHeader: false });
    for (const url of ["/plain", "/hijack", "/nowhere"]) {
      const { headers } = await app.inject({ url, headers: { "x-request-id": ID } });
      expect(headers).not.toHaveProperty("x-request-id");
    }
  });
});

it("says the id even where a handler has copied another one from a service that it called", async () => {
  const app = await varied();
  app.get("/proxied", async (_request, reply) => reply.header("X-Request-Id", "upstream").send({}));
  const { headers } = await app.inject({ url: "/proxied", headers: { "x-request-id": ID } });
  expect(headers["x-request-id"]).toBe(ID);
});

it("names requests that no hook of Fastify sees, for frameworkErrors", async () => {
  const app = await varied(
    {},
    {
      frameworkErrors(_error, request, reply: FastifyReply) {
        reply.code(400).send(request.id);
      },
    },
  );
  const { body } = await app.inject({ url: "/%zz", headers: { "x-request-id": ID } });
  expect(body).toBe(ID);
});

describe("a WebSocket", () => {
  async function socketApp() {
    const app = Fastify();
    await app.register(websocket);
    await app.register(requestId);
    app.get("/socket", { websocket: true }, (socket, request) => socket.send(request.id));
    return await listen(app);
  }

  it("has the id in its handler and on the 101", async () => {
    const origin = await socketApp();
    const client = new WebSocket(origin.replace("http", "ws").concat("/socket"), {
      headers: { "x-request-id": ID },
    });
    onTestFinished(() => client.terminate());
    const upgrade = once(client, "upgrade");
    const [message] = await once(client, "message");
    const [response] = await upgrade;
    expect(String(message)).toBe(ID);
    expect(response.headers["x-request-id"]).toBe(ID);
  });

  it("tells the clients apart, and tells the one that is refused", async () => {
    const origin = await socketApp();
    const upgrades = ["a", "b"].map(async (id) => {
      const client = new WebSocket(`${origin.replace("http", "ws")}/socket`, {
        headers: { "x-request-id": id },
      });
      onTestFinished(() => client.terminate());
      const [response] = await once(client, "upgrade");
      return response.headers["x-request-id"];
    });
    expect(await Promise.all(upgrades)).toEqual(["a", "b"]);

    const refused = new WebSocket(`${origin.replace("http", "ws")}/nowhere`, {
      headers: { "x-request-id": ID },
    });
    refused.on("error", () => {});
    const [, response] = await once(refused, "unexpected-response");
    expect(response.statusCode).toBe(404);
    expect(response.headers["x-request-id"]).toBe(ID);
  });

  it("is named in every scope, wherever the WebSocket plugin stands", async () => {
    const app = Fastify();
    await app.register(requestId);
    await app.register(async (child) => {
      await child.register(websocket);
      child.get("/socket", { websocket: true }, (socket) => socket.close());
    });
    const origin = await listen(app);
    const client = new WebSocket(`${origin.replace("http", "ws")}/socket`, {
      headers: { "x-request-id": ID },
    });
    onTestFinished(() => client.terminate());
    const [response] = await once(client, "upgrade");
    expect(response.headers["x-request-id"]).toBe(ID);
  });
});

it("stays inside the scope in which it was registered", async () => {
  const app = Fastify();
  onTestFinished(() => app.close());
  await app.register(async (child) => {
    await child.register(requestId);
    child.get("/inside", async (request) => request.id);
  });
  app.get("/outside", async (request) => request.id);
  const headers = { "x-request-id": ID };
  expect((await app.inject({ url: "/inside", headers })).headers["x-request-id"]).toBe(ID);
  const outside = await app.inject({ url: "/outside", headers });
  expect(outside.headers).not.toHaveProperty("x-request-id");
  expect(outside.body).not.toBe(ID);
});
