import { once } from "node:events";
import { Readable } from "node:stream";
import { type AppOptions, createApp, inAnyOrder, WAYS, type Way } from "@enfilade/line-testing";
import { listen, openExchange, openWebSocket, requestHttp2 } from "@enfilade/testing";
import websocket from "@fastify/websocket";
import type { FastifyInstance } from "fastify";
import { describe, expect, it } from "vitest";
import { auth } from "../src/index.ts";
import { believing } from "./support.ts";

const access = { scopes: ["runs:read"] };

/** The steps of building an app, which an arrangement allows in any order. */
function registrations(ran: string[]) {
  const note = (what: string) => ran.push(what);
  return [
    (app: FastifyInstance) => app.register(believing()),
    (app: FastifyInstance) => app.register(auth),
    (app: FastifyInstance) => app.register(websocket),
    (app: FastifyInstance) =>
      app.register(async (child) => {
        child.get("/plain", { config: { access } }, async () => note("plain"));
        child.post("/body", { config: { access } }, async () => note("body"));
        child.get("/events", { config: { access } }, (_request, reply) => {
          note("events");
          return reply.type("text/event-stream").send(Readable.from(["data: 1\n\n"]));
        });
        child.get("/raw", { config: { access } }, (_request, reply) => {
          note("raw");
          reply.hijack();
          reply.raw.end("raw");
        });
        child.get("/socket", { websocket: true, config: { access } }, (socket) => {
          note("socket");
          socket.close();
        });
        child.get("/open", { config: { public: true } }, async () => note("open"));
      }),
  ];
}

async function build(way: Way, ran: string[] = [], options: AppOptions = {}) {
  const app = await createApp({ ...options, way });
  for (const register of registrations(ran)) await register(app);
  return app;
}

const REQUESTS = [
  ["GET", "/plain"],
  ["HEAD", "/plain"],
  ["POST", "/body"],
  ["GET", "/events"],
  ["GET", "/raw"],
  ["GET", "/nowhere"],
  ["DELETE", "/plain"],
  ["OPTIONS", "/plain"],
] as const;

describe.each(WAYS)("every kind of request, %s", (way) => {
  it.each(REQUESTS)(
    "%s %s is refused without credentials, with a challenge",
    async (method, path) => {
      const ran: string[] = [];
      const origin = await listen(await build(way, ran));
      const exchange = await openExchange(origin, { method, path });
      const head = await exchange.head();
      expect(head.status).toBe(401);
      expect(head.headers.get("www-authenticate")).toEqual(["Bearer"]);
      expect(ran).toEqual([]);
    },
  );

  it.each(REQUESTS)("%s %s is refused without the scope, or not found", async (method, path) => {
    const ran: string[] = [];
    const origin = await listen(await build(way, ran));
    const response = await fetch(origin + path, { method, headers: { "x-test": "ann" } });
    const missing = path === "/nowhere" || ["DELETE", "OPTIONS"].includes(method);
    expect(response.status).toBe(missing ? 404 : 403);
    expect(ran).toEqual([]);
  });

  it.each(REQUESTS.slice(0, 5))("%s %s is answered with the scope", async (method, path) => {
    const ran: string[] = [];
    const origin = await listen(await build(way, ran));
    const response = await fetch(origin + path, { method, headers: { "x-test": "ann runs:read" } });
    expect(response.status).toBe(200);
    expect(ran).toHaveLength(1);
  });

  it("reads no body of a stranger", async () => {
    const app = await build(way);
    const response = await app.inject({
      method: "POST",
      url: "/body",
      headers: { "content-type": "application/json" },
      payload: "{",
    });
    expect(response.statusCode).toBe(401);
  });

  it("upgrades to a WebSocket go through it too", async () => {
    const ran: string[] = [];
    const origin = await listen(await build(way, ran));
    const open = (caller: string) => openWebSocket(origin, { headers: { "x-test": caller } });
    const [, nobody] = await once(open(""), "unexpected-response");
    expect(nobody.statusCode).toBe(401);
    expect(nobody.headers["www-authenticate"]).toBe("Bearer");
    const [, known] = await once(open("ann"), "unexpected-response");
    expect(known.statusCode).toBe(403);
    await once(open("ann runs:read"), "open");
    expect(ran).toEqual(["socket"]);
  });

  it("HTTP/2 goes through it too", async () => {
    const app = await createApp({ way, http2: true });
    await app.register(believing());
    await app.register(auth);
    app.get("/plain", { config: { access } }, async () => "in");
    const origin = await listen(app);
    for (const [caller, status] of [
      ["", 401],
      ["ann", 403],
      ["ann runs:read", 200],
    ] as const) {
      const headers = { "x-test": caller };
      expect((await requestHttp2(origin, { path: "/plain", headers })).statusCode).toBe(status);
    }
  });
});

it("comes to the same verdicts whatever the order of registration, in line", async () => {
  await inAnyOrder(registrations([]), async (app) => {
    const statuses: number[] = [];
    for (const caller of ["", "bad", "ann", "ann runs:read"]) {
      for (const url of ["/plain", "/open", "/nowhere"]) {
        const { statusCode } = await app.inject({ url, headers: { "x-test": caller } });
        statuses.push(statusCode);
      }
    }
    expect(statuses).toEqual([401, 200, 401, 401, 200, 401, 403, 200, 404, 200, 200, 404]);
  });
});
