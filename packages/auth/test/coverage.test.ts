import { once } from "node:events";
import { connect } from "node:http2";
import { Readable } from "node:stream";
import { listen, openExchange } from "@enfilade/testing";
import websocket from "@fastify/websocket";
import fc from "fast-check";
import type { FastifyInstance, FastifyServerOptions } from "fastify";
import { describe, expect, it, onTestFinished } from "vitest";
import { WebSocket } from "ws";
import { auth } from "../src/index.ts";
import { BOTH, believing, make } from "./support.ts";

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

async function build(
  arrangement: (typeof BOTH)[number],
  ran: string[] = [],
  options: FastifyServerOptions = {},
) {
  const app = await make(arrangement, options);
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

describe.each(BOTH)("every kind of request, %s", (arrangement) => {
  it.each(REQUESTS)(
    "%s %s is refused without credentials, with a challenge",
    async (method, path) => {
      const ran: string[] = [];
      const origin = await listen(await build(arrangement, ran));
      const exchange = await openExchange(origin, { method, path });
      const head = await exchange.head();
      expect(head.status).toBe(401);
      expect(head.headers.get("www-authenticate")).toEqual(["Bearer"]);
      expect(ran).toEqual([]);
    },
  );

  it.each(REQUESTS)("%s %s is refused without the scope, or not found", async (method, path) => {
    const ran: string[] = [];
    const origin = await listen(await build(arrangement, ran));
    const response = await fetch(origin + path, { method, headers: { "x-test": "ann" } });
    const missing = path === "/nowhere" || ["DELETE", "OPTIONS"].includes(method);
    expect(response.status).toBe(missing ? 404 : 403);
    expect(ran).toEqual([]);
  });

  it.each(REQUESTS.slice(0, 5))("%s %s is answered with the scope", async (method, path) => {
    const ran: string[] = [];
    const origin = await listen(await build(arrangement, ran));
    const response = await fetch(origin + path, { method, headers: { "x-test": "ann runs:read" } });
    expect(response.status).toBe(200);
    expect(ran).toHaveLength(1);
  });

  it("reads no body of a stranger", async () => {
    const app = await build(arrangement);
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
    const origin = await listen(await build(arrangement, ran));
    const open = (caller: string) => {
      const url = `${origin.replace("http", "ws")}/socket`;
      const client = new WebSocket(url, { headers: { "x-test": caller } });
      onTestFinished(() => client.terminate());
      client.on("error", () => {});
      return client;
    };
    const [, nobody] = await once(open(""), "unexpected-response");
    expect(nobody.statusCode).toBe(401);
    expect(nobody.headers["www-authenticate"]).toBe("Bearer");
    const [, known] = await once(open("ann"), "unexpected-response");
    expect(known.statusCode).toBe(403);
    await once(open("ann runs:read"), "open");
    expect(ran).toEqual(["socket"]);
  });

  it("HTTP/2 goes through it too", async () => {
    const app = await make(arrangement, { http2: true } as FastifyServerOptions);
    await app.register(believing());
    await app.register(auth);
    app.get("/plain", { config: { access } }, async () => "in");
    const session = connect(await listen(app));
    onTestFinished(() => session.destroy());
    for (const [caller, status] of [
      ["", 401],
      ["ann", 403],
      ["ann runs:read", 200],
    ] as const) {
      const stream = session.request({ ":path": "/plain", "x-test": caller });
      const [headers] = await once(stream, "response");
      expect(headers[":status"]).toBe(status);
      stream.close();
    }
  });
});

it("comes to the same verdicts whatever the order of registration, in line", async () => {
  const order = fc.shuffledSubarray([0, 1, 2, 3], { minLength: 4 });
  await fc.assert(
    fc.asyncProperty(order, fc.boolean(), async (indices, awaited) => {
      const ran: string[] = [];
      const app = await make("in line");
      for (const index of indices) {
        const registered = registrations(ran)[index]?.(app);
        if (awaited) await registered;
      }
      const statuses: number[] = [];
      for (const caller of ["", "bad", "ann", "ann runs:read"]) {
        for (const url of ["/plain", "/open", "/nowhere"]) {
          const { statusCode } = await app.inject({ url, headers: { "x-test": caller } });
          statuses.push(statusCode);
        }
      }
      expect(statuses).toEqual([401, 200, 401, 401, 200, 401, 403, 200, 404, 200, 200, 404]);
      await app.close();
    }),
    { numRuns: 24 },
  );
});
