import { setImmediate as immediate } from "node:timers/promises";
import type { FastifyInstance, onRequestHookHandler, onSendHookHandler } from "fastify";
import { describe, expect, it } from "vitest";
import { boot, type Registration, WAYS } from "./boot.ts";
import { layer, probe } from "./probes.ts";

const INWARD = ["onRequest", "preParsing", "preValidation", "preHandler"] as const;
const OUTWARD = ["preSerialization", "onSend"] as const;

/** Adds a plain hook of a user's own for every phase on the way in and out. */
function userHooks(app: FastifyInstance, notes: string[], name: string): void {
  for (const phase of [...INWARD, ...OUTWARD]) {
    app.addHook(phase as "onRequest", async () => void notes.push(`${phase} ${name}`));
  }
}

/** The same, as options of a route. */
function routeHooks(notes: string[]): object {
  return Object.fromEntries(
    [...INWARD, ...OUTWARD].map((phase) => [phase, async () => void notes.push(`${phase} route`)]),
  );
}

/** What each phase runs: the layers on the way in, the users, the layers on the way out. */
function expected(users: readonly string[]): string[] {
  return [
    ...INWARD.flatMap((phase) => ["outer", "inner", ...users].map((name) => `${phase} ${name}`)),
    ...OUTWARD.flatMap((phase) => [...users, "inner", "outer"].map((name) => `${phase} ${name}`)),
  ];
}

describe.each(WAYS)("registered $way", ({ arrange }) => {
  const layers = (notes: string[]): Registration[] => [
    (app) => app.register(probe("outer", "observe", notes, [...INWARD, ...OUTWARD])),
    (app) => app.register(probe("inner", "handle", notes, [...INWARD, ...OUTWARD])),
  ];

  it("users' hooks run inside all layers: after them on the way in, before them on the way out", async () => {
    const notes: string[] = [];
    const app = await boot(
      arrange([
        ...layers(notes),
        (app) => userHooks(app, notes, "root"),
        (app) => app.get("/", routeHooks(notes), async () => ({ hello: "world" })),
      ]),
    );
    await app.inject("/");
    expect(notes).toEqual(expected(["root", "route"]));
  });

  it("in a child, together with its parent's, also where the layers are the child's", async () => {
    const notes: string[] = [];
    const app = await boot(
      arrange([
        (app) => app.register(probe("outer", "observe", notes, [...INWARD, ...OUTWARD])),
        (app) =>
          app.register(async (child) => {
            const inner = probe("inner", "handle", notes, [...INWARD, ...OUTWARD]);
            for (const register of arrange([
              () => child.register(inner),
              () => userHooks(child, notes, "child"),
              () => child.get("/", routeHooks(notes), async () => ({ hello: "world" })),
            ]))
              register();
          }),
        (app) => userHooks(app, notes, "root"),
      ]),
    );
    await app.inject("/");
    // Among themselves users' hooks have Fastify's order: a parent's come last where they were added last.
    const users = notes
      .filter((note) => /^onRequest (root|child|route)/.test(note))
      .map((note) => note.split(" ")[1] ?? "");
    expect(users.toSorted()).toEqual(["child", "root", "route"]);
    expect(notes).toEqual(expected(users));
  });

  it("on what is not found, below a prefix too", async () => {
    const notes: string[] = [];
    const app = await boot(
      arrange([
        ...layers(notes),
        (app) => userHooks(app, notes, "root"),
        (app) =>
          app.register(
            async (child) => {
              for (const register of arrange([
                () => userHooks(child, notes, "child"),
                () =>
                  child.setNotFoundHandler((_request, reply) => reply.code(404).send({ no: true })),
              ]))
                register();
            },
            { prefix: "/api" },
          ),
      ]),
    );
    await app.inject("/nowhere");
    expect(notes).toEqual(expected(["root"]));
    notes.length = 0;
    await app.inject("/api/nowhere");
    const users = notes
      .filter((note) => /^onRequest (root|child)/.test(note))
      .map((note) => note.split(" ")[1] ?? "");
    expect(users.toSorted()).toEqual(["child", "root"]);
    expect(notes).toEqual(expected(users));
  });

  it("where they only answer: the layers see the response all the same", async () => {
    const notes: string[] = [];
    const app = await boot(
      arrange([
        ...layers(notes),
        (app) =>
          app.addHook("preValidation", async (_request, reply) =>
            reply.code(402).send({ pay: true }),
          ),
        (app) => app.get("/", async () => "never"),
      ]),
    );
    expect((await app.inject("/")).statusCode).toBe(402);
    expect(notes).toEqual([
      "onRequest outer",
      "onRequest inner",
      "preParsing outer",
      "preParsing inner",
      "preValidation outer",
      "preValidation inner",
      "preSerialization inner",
      "preSerialization outer",
      "onSend inner",
      "onSend outer",
    ]);
  });
});

describe("hooks that call back and hooks that return promises mix", () => {
  const later: onSendHookHandler = (_request, _reply, payload, done) => {
    setImmediate(() => done(null, `${payload}>callback`));
  };

  it("on the way out, each given what the one before has made of the payload", async () => {
    const app = await boot([
      (app) =>
        app.register(
          layer("promising", "spend", {
            onSend: async (_request, _reply, payload) => {
              await immediate();
              return `${payload}>async layer`;
            },
          }),
        ),
      (app) =>
        app.register(
          layer("sync", "encode", { onSend: (_q, _r, payload) => `${payload}>sync layer` }),
        ),
      (app) => app.addHook("onSend", later),
      (app) => app.addHook("onSend", async (_request, _reply, payload) => `${payload}>promise`),
      (app) => app.get("/", { onSend: later }, async () => "text"),
    ]);
    expect((await app.inject("/")).body).toBe(
      "text>callback>promise>callback>async layer>sync layer",
    );
  });

  it("on the way in, each waiting for the one before", async () => {
    const notes: string[] = [];
    const back =
      (name: string): onRequestHookHandler =>
      (_request, _reply, done) => {
        setImmediate(() => {
          notes.push(name);
          done();
        });
      };
    const app = await boot([
      (app) => app.addHook("onRequest", back("callback")),
      (app) =>
        app.addHook("onRequest", async () => {
          await immediate();
          notes.push("promise");
        }),
      (app) =>
        app.register(
          layer("promising", "gate", {
            async onRequest() {
              await immediate();
              notes.push("async layer");
            },
          }),
        ),
      (app) =>
        app.register(layer("sync", "spend", { onRequest: () => void notes.push("sync layer") })),
      (app) => app.get("/", { onRequest: back("route") }, async () => "hello"),
    ]);
    await app.inject("/");
    expect(notes).toEqual(["async layer", "sync layer", "callback", "promise", "route"]);
  });
});

it("hooks that come late, from after() and from onRegister, have the layers behind them all the same", async () => {
  const app = await boot([
    (app) => app.register(layer("last", "gate", { onSend: (_q, _r, payload) => `[${payload}]` })),
    (app) =>
      app.addHook("onRegister", (child) => {
        child.addHook("onSend", async (_request, _reply, payload) => `${payload}+register`);
      }),
    (app) =>
      app.register(
        async (child) => {
          child.get("/", async () => "child");
          child.setNotFoundHandler((_request, reply) => reply.code(404).send("nowhere"));
        },
        { prefix: "/child" },
      ),
    (app) =>
      app.after(() => {
        app.addHook("onSend", async (_request, _reply, payload) => `${payload}+after`);
      }),
    (app) => app.get("/", async () => "root"),
  ]);
  expect((await app.inject("/")).body).toBe("[root+after]");
  expect((await app.inject("/child")).body).toBe("[child+register+after]");
  expect((await app.inject("/child/nowhere")).body).toBe("[nowhere+register+after]");
});

it("hooks of the app, such as onReady and onClose, are left to Fastify", async () => {
  const notes: string[] = [];
  const app = await boot([
    (app) => app.addHook("onReady", async () => void notes.push("ready")),
    (app) => app.addHook("preClose", async () => void notes.push("preClose")),
    (app) => app.addHook("onClose", async () => void notes.push("close")),
  ]);
  await app.close();
  expect(notes).toEqual(["ready", "preClose", "close"]);
});

it("a hook that Fastify refuses is refused, and named by Fastify", async () => {
  await boot([
    (app) => {
      expect(() => app.addHook("onSend", "no hook" as never)).not.toThrow();
    },
  ]).then(
    () => expect.unreachable(),
    (error) => expect(error).toMatchObject({ code: "FST_ERR_HOOK_INVALID_HANDLER" }),
  );
});
