import { once } from "node:events";
import { connect } from "node:http2";
import { Readable } from "node:stream";
import { setImmediate as immediate } from "node:timers/promises";
import { gunzipSync } from "node:zlib";
import { adopt, type LayerHooks } from "@enfilade/layer";
import { createRecorder, listen, openExchange } from "@enfilade/testing";
import compress from "@fastify/compress";
import Fastify, { type FastifyInstance, type FastifyReply } from "fastify";
import { describe, expect, it, onTestFinished } from "vitest";
import { order, RESPONSES, type ResponseKind } from "../src/index.ts";
import { boot, type Registration } from "./boot.ts";
import { layer, probe } from "./probes.ts";

/** Two layers that note every phase, and a route for every kind of response. */
function observed(notes: string[]): Registration[] {
  return [
    (app) => app.register(probe("outer", "observe", notes)),
    (app) => app.register(probe("inner", "spend", notes)),
    (app) => app.get("/reply", async () => ({ ok: true })),
    (app) =>
      app.get("/error", async () => {
        throw new Error("on purpose");
      }),
    (app) => app.get("/stream", (_request, reply) => reply.send(Readable.from(["a", "b"]))),
    (app) =>
      app.get("/hijacked", (_request, reply) => {
        reply.hijack();
        reply.raw.end("mine");
      }),
  ];
}

async function traceOf(app: FastifyInstance, notes: string[], url: string): Promise<string[]> {
  notes.length = 0;
  await app.inject(url);
  return [...notes];
}

describe("each kind of response", () => {
  const kinds: [ResponseKind, string][] = [
    ["reply", "/reply"],
    ["error", "/error"],
    ["stream", "/stream"],
    ["hijacked", "/hijacked"],
    ["not found", "/nowhere"],
  ];
  it.each(kinds)("%s meets the phases that explain() foretells, as an onion", async (kind, url) => {
    const notes: string[] = [];
    const app = await boot(observed(notes));
    const foretold = app.order.explain("GET", url).trace(kind);
    expect(await traceOf(app, notes, url)).toEqual(foretold);
    expect(foretold).toHaveLength(2 * (4 + RESPONSES[kind].length));
  });

  it.each([
    ["GET", "aborted", ["onSettled outer", "onRequestAbort inner", "onRequestAbort outer"]],
    ["POST", "aborted, its body read to the end, has no onRequestAbort", ["onSettled outer"]],
  ])("%s %s", async (method, _what, last) => {
    const notes = createRecorder<string>();
    const list = { push: (note: string) => notes.record(note) } as unknown as string[];
    const app = await boot([
      (app) => app.register(probe("outer", "observe", list)),
      (app) => app.register(probe("inner", "spend", list)),
      (app) =>
        app.route({
          method: ["GET", "POST"],
          url: "/never",
          handler() {
            notes.record("handler");
            return new Promise(() => {});
          },
        }),
    ]);
    const exchange = await openExchange(await listen(app), {
      method,
      path: "/never",
      ...(method === "POST" && { body: "{}", headers: { "content-type": "application/json" } }),
    });
    await notes.find((note) => note === "handler");
    exchange.destroy();
    await notes.find((note) => note === last.at(-1));
    await app.close();
    const foretold = app.order.explain(method, "/never").trace("aborted");
    expect(notes.items.filter((note) => note !== "handler")).toEqual(
      foretold.slice(0, foretold.indexOf(last.at(-1) ?? "") + 1),
    );
    expect(notes.items.slice(-last.length)).toEqual(last);
  });
});

describe("errors", () => {
  it("thrown by a layer go out through all layers, and no further in", async () => {
    const notes: string[] = [];
    const app = await boot([
      ...observed(notes),
      (app) =>
        app.register(
          layer("throwing", "gate", {
            onRequest() {
              throw Object.assign(new Error("refused"), { statusCode: 418 });
            },
          }),
        ),
    ]);
    expect((await app.inject("/reply")).statusCode).toBe(418);
    expect(notes).toEqual([
      "onRequest outer",
      "onError inner",
      "onError outer",
      "onSend inner",
      "onSend outer",
      "onHeaders inner",
      "onHeaders outer",
      "onResponse inner",
      "onResponse outer",
      "onSettled inner",
      "onSettled outer",
    ]);
  });

  it("that an error handler of the app, or of a child, has answered pass the layers as a reply does", async () => {
    const notes: string[] = [];
    const app = await boot([
      (app) =>
        app.register(
          layer("envelope", "shape", { onSend: (_request, _reply, payload) => `[${payload}]` }),
        ),
      (app) =>
        app.setErrorHandler(async (error: Error, _request, reply) => {
          await immediate();
          return reply.code(400).send({ handled: error.message });
        }),
      ...observed(notes),
      (app) =>
        app.register(async (child) => {
          child.setErrorHandler((_error, _request, reply) => reply.code(409).send("child's"));
          child.get("/child", async () => {
            throw new Error("on purpose");
          });
        }),
    ]);
    const response = await app.inject("/error");
    expect([response.statusCode, response.body]).toEqual([400, '[{"handled":"on purpose"}]']);
    expect(notes.filter((note) => note.startsWith("onSend"))).toEqual([
      "onSend inner",
      "onSend outer",
    ]);
    const child = await app.inject("/child");
    expect([child.statusCode, child.body]).toEqual([409, "[child's]"]);
  });

  it("inside an onSend layer become the response, which passes the layers again", async () => {
    let failures = 0;
    const notes: string[] = [];
    const app = await boot([
      ...observed(notes),
      (app) =>
        app.register(
          layer("failing", "shape", {
            onSend() {
              if (failures++ === 0) throw new Error("in the middle");
            },
          }),
        ),
    ]);
    const response = await app.inject("/reply");
    expect(response.statusCode).toBe(500);
    expect(response.json()).toMatchObject({ message: "in the middle" });
    expect(notes.filter((note) => /^on(Send|Error|Settled)/.test(note))).toEqual([
      "onSend inner",
      "onError inner",
      "onError outer",
      "onSend inner",
      "onSend outer",
      "onSettled inner",
      "onSettled outer",
    ]);
  });

  it("of a stream before its headers are sent as errors, compressed or not, and not as the stream", async () => {
    const app = await boot([
      (app) =>
        app.register(adopt(compress, { name: "compress", place: "encode" }), { threshold: 0 }),
      (app) =>
        app.get("/", (_request, reply) =>
          reply.type("text/plain").send(
            new Readable({
              read() {
                this.destroy(new Error("no file"));
              },
            }),
          ),
        ),
    ]);
    const origin = await listen(app);
    for (const encoding of ["identity", "gzip"]) {
      const response = await fetch(origin, { headers: { "accept-encoding": encoding } });
      expect(response.status).toBe(500);
      expect(response.headers.get("content-type")).toMatch(/^application\/json/);
      expect(await response.json()).toMatchObject({ message: "no file" });
    }
  });

  it("of validation and of bodies that cannot be read pass the layers", async () => {
    const notes: string[] = [];
    const app = await boot([
      ...observed(notes),
      (app) =>
        app.post(
          "/strict",
          { schema: { body: { type: "object", required: ["name"] } } },
          async () => "never",
        ),
    ]);
    for (const [payload, type, status] of [
      ["{}", "application/json", 400],
      ["{", "application/json", 400],
      ["a", "application/unknown", 415],
    ] as const) {
      notes.length = 0;
      const headers = { "content-type": type };
      const response = await app.inject({ method: "POST", url: "/strict", payload, headers });
      expect(response.statusCode).toBe(status);
      expect(notes.filter((note) => /^on(Error|Send)/.test(note))).toEqual([
        "onError inner",
        "onError outer",
        "onSend inner",
        "onSend outer",
      ]);
    }
  });

  it("of a handler that takes too long pass the layers as errors do", async () => {
    const notes: string[] = [];
    const app = await boot([
      ...observed(notes),
      (app) => app.get("/slow", { handlerTimeout: 20 }, () => new Promise(() => {})),
    ]);
    expect((await app.inject("/slow")).statusCode).toBe(503);
    expect(notes.slice(8)).toEqual(app.order.explain("GET", "/slow").trace("error").slice(8));
  });
});

it("a connection that times out meets onTimeout, and is settled as errored", async () => {
  const notes = createRecorder<string>();
  const app = await boot(
    [
      (app) =>
        app.register(
          layer("timing", "observe", {
            onTimeout: () => notes.record("onTimeout"),
            onSettled: (_request, _reply, outcome) => notes.record(outcome),
          }),
        ),
      (app) => app.get("/", () => new Promise(() => {})),
    ],
    { connectionTimeout: 50 },
  );
  await openExchange(await listen(app));
  expect(await notes.until(({ length }) => length === 2)).toEqual(["onTimeout", "errored"]);
});

describe("a layer that returns the reply on the way out", () => {
  it.each(["/", "/error"])(
    "keeps nobody waiting, and leaves the payload of %s as it is",
    async (url) => {
      const chained = (name: string): LayerHooks => {
        const hook = (_request: unknown, reply: FastifyReply) =>
          reply.header(name, "seen") as never;
        return { preSerialization: hook, onError: hook, onSend: hook };
      };
      const app = await boot([
        (app) => app.register(layer("a", "observe", chained("a"))),
        (app) => app.register(layer("slow", "observe", { async onError() {}, async onSend() {} })),
        (app) => app.register(layer("b", "observe", chained("b"))),
        (app) => app.get("/", async () => ({ body: "hello" })),
        (app) =>
          app.get("/error", async () => {
            throw new Error("hello");
          }),
      ]);
      const response = await app.inject(url);
      expect(response.headers).toMatchObject({ a: "seen", b: "seen" });
      expect(response.body).toContain("hello");
    },
  );

  const returning = (name: string, notes: (note: string) => void) =>
    layer(name, "observe", {
      onTimeout(_request, reply) {
        notes(`onTimeout ${name}`);
        return reply as never;
      },
      onResponse(_request, reply) {
        notes(`onResponse ${name}`);
        return reply as never;
      },
    });

  it("in onResponse keeps nobody else from it", async () => {
    const notes = createRecorder<string>();
    const app = await boot([
      (app) => app.register(returning("a", notes.record)),
      (app) => app.register(returning("b", notes.record)),
      (app) => app.get("/", async () => "hello"),
    ]);
    await app.inject("/");
    expect(await notes.until(({ length }) => length === 2)).toEqual([
      "onResponse b",
      "onResponse a",
    ]);
  });

  it("in onTimeout keeps nobody else from it", async () => {
    const notes = createRecorder<string>();
    const app = await boot(
      [
        (app) => app.register(returning("a", notes.record)),
        (app) => app.register(returning("b", notes.record)),
        (app) => app.get("/", () => new Promise(() => {})),
      ],
      { connectionTimeout: 50 },
    );
    await openExchange(await listen(app));
    const seen = await notes.until((notes) => notes.includes("onTimeout a"));
    expect(seen.slice(0, 2)).toEqual(["onTimeout b", "onTimeout a"]);
  });
});

describe("methods", () => {
  it("HEAD meets the layers of its GET, without a payload", async () => {
    const payloads: unknown[] = [];
    const app = await boot([
      (app) =>
        app.register(
          layer("seeing", "encode", { onSend: (_q, _r, payload) => void payloads.push(payload) }),
        ),
      (app) => app.get("/", async () => "hello"),
    ]);
    const response = await app.inject({ method: "HEAD", url: "/" });
    expect(response.headers["content-length"]).toBe("5");
    expect(payloads).toEqual([null]);
  });

  it("OPTIONS meets the layers of the route that a user declares, or else those of what is not found", async () => {
    const notes: string[] = [];
    const app = await boot([
      (app) => app.register(probe("seen", "observe", notes, ["onRequest"])),
      (app) => app.get("/", async () => "hello"),
      (app) => app.options("/asked", async () => "options"),
    ]);
    expect((await app.inject({ method: "OPTIONS", url: "/" })).statusCode).toBe(404);
    expect((await app.inject({ method: "OPTIONS", url: "/asked" })).body).toBe("options");
    expect(notes).toEqual(["onRequest seen", "onRequest seen"]);
  });
});

it("headers that layers set reach every kind of response, a hijacked one and a stream of events too", async () => {
  const app = await boot([
    ...observed([]),
    (app) =>
      app.register(
        layer("marking", "protect", {
          onRequest: (_request, reply) => void reply.header("x-early", "yes"),
          onHeaders: (_request, reply) => void reply.header("x-late", "yes"),
        }),
      ),
    (app) =>
      app.get("/events", (_request, reply) => {
        reply.type("text/event-stream").send(Readable.from(["data: 1\n\n"]));
      }),
    (app) =>
      app.get("/raw", (_request, reply) => {
        reply.hijack();
        reply.raw.writeHead(200, { "content-type": "text/event-stream" }).end("data: 1\n\n");
      }),
  ]);
  const origin = await listen(app);
  for (const url of ["/reply", "/error", "/stream", "/hijacked", "/events", "/raw", "/nowhere"]) {
    const { headers } = await fetch(`${origin}${url}`);
    expect([headers.get("x-early"), headers.get("x-late")], url).toEqual(["yes", "yes"]);
  }
});

it("HTTP/2 meets the same layers, with compression", async () => {
  const notes = createRecorder<string>();
  const noting = (note: string) => () => notes.record(note);
  const app = Fastify({ http2: true });
  onTestFinished(async () => {
    await app.close();
  });
  await app.register(order);
  app.register(adopt(compress, { name: "compress", place: "encode" }), { threshold: 0 });
  app.register(
    layer("seen", "observe", {
      onRequest: noting("onRequest"),
      onSend: noting("onSend"),
      onHeaders: noting("onHeaders"),
      onSettled: (_request, _reply, outcome) => notes.record(`onSettled ${outcome}`),
    }),
  );
  app.get("/", async () => "hello over HTTP/2");
  const client = connect(await app.listen({ port: 0, host: "127.0.0.1" }));
  onTestFinished(() => client.destroy());

  const request = client.request({ ":path": "/", "accept-encoding": "gzip" });
  const [headers] = await once(request, "response");
  const chunks: Buffer[] = await request.toArray();
  expect(headers).toMatchObject({ ":status": 200, "content-encoding": "gzip" });
  expect(gunzipSync(Buffer.concat(chunks)).toString()).toBe("hello over HTTP/2");
  expect(await notes.until(({ length }) => length === 4)).toEqual([
    "onRequest",
    "onSend",
    "onHeaders",
    "onSettled completed",
  ]);
});

it("what Fastify answers without any hook reaches no layer: a URL that does not parse", async () => {
  const notes: string[] = [];
  const app = await boot(observed(notes));
  expect((await app.inject("/%zz")).statusCode).toBe(400);
  expect(notes).toEqual([]);
});
