import { once } from "node:events";
import {
  type AppOptions,
  answerInEveryKind,
  createApp,
  KINDS,
  WAYS,
  withHeaders,
} from "@enfilade/line-testing";
import { listen, openExchange, openWebSocket, requestHttp2 } from "@enfilade/testing";
import websocket from "@fastify/websocket";
import type { FastifyInstance, FastifyReply } from "fastify";
import { describe, expect, it } from "vitest";
import { type RequestIdOptions, requestId } from "../src/index.ts";

const ID = "id-of-the-caller";

async function varied(
  options: RequestIdOptions = {},
  appOptions?: AppOptions,
): Promise<FastifyInstance> {
  const app = await createApp(appOptions);
  await app.register(requestId, options);
  answerInEveryKind(app);
  return app;
}

describe.each(WAYS)("every kind of response carries the id, %s", (way) => {
  it.each(KINDS)("%s", async (_kind, asked, status) => {
    const request = withHeaders(asked, { "x-request-id": ID });
    const origin = await listen(await varied({}, { way }));
    const head = await (await openExchange(origin, request)).head();
    expect(head.status).toBe(status);
    expect(head.headers.get("x-request-id")).toEqual([ID]);
  });

  it.each(KINDS)("over HTTP/2 too: %s", async (_kind, asked, status) => {
    const request = withHeaders(asked, { "x-request-id": ID });
    const origin = await listen(await varied({}, { way, http2: true }));
    const response = await requestHttp2(origin, request);
    expect(response.statusCode).toBe(status);
    expect(response.headers["x-request-id"]).toBe(ID);
  });

  it("but none does when the response header is off", async () => {
    const app = await varied({ responseHeader: false }, { way });
    for (const url of ["/plain", "/hijacked", "/nowhere"]) {
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
    const app = await createApp();
    await app.register(websocket);
    await app.register(requestId);
    app.get("/socket", { websocket: true }, (socket, request) => socket.send(request.id));
    return await listen(app);
  }

  it("has the id in its handler and on the 101", async () => {
    const client = openWebSocket(await socketApp(), { headers: { "x-request-id": ID } });
    const upgrade = once(client, "upgrade");
    const [message] = await once(client, "message");
    const [response] = await upgrade;
    expect(String(message)).toBe(ID);
    expect(response.headers["x-request-id"]).toBe(ID);
  });

  it("tells the clients apart, and tells the one that is refused", async () => {
    const origin = await socketApp();
    const upgrades = ["a", "b"].map(async (id) => {
      const client = openWebSocket(origin, { headers: { "x-request-id": id } });
      const [response] = await once(client, "upgrade");
      return response.headers["x-request-id"];
    });
    expect(await Promise.all(upgrades)).toEqual(["a", "b"]);

    const refused = openWebSocket(origin, { path: "/nowhere", headers: { "x-request-id": ID } });
    const [, response] = await once(refused, "unexpected-response");
    expect(response.statusCode).toBe(404);
    expect(response.headers["x-request-id"]).toBe(ID);
  });

  it("is named in every scope, wherever the WebSocket plugin stands", async () => {
    const app = await createApp();
    await app.register(requestId);
    await app.register(async (child) => {
      await child.register(websocket);
      child.get("/socket", { websocket: true }, (socket) => socket.close());
    });
    const client = openWebSocket(await listen(app), { headers: { "x-request-id": ID } });
    const [response] = await once(client, "upgrade");
    expect(response.headers["x-request-id"]).toBe(ID);
  });
});

it("stays inside the scope in which it was registered", async () => {
  const app = await createApp();
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
