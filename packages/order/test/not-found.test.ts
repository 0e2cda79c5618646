import type { FastifyInstance, FastifyReply } from "fastify";
import { describe, expect, it } from "vitest";
import { boot, type Registration, WAYS } from "./boot.ts";
import { layer, probe } from "./probes.ts";

const PHASES = [
  "onRequest",
  "preParsing",
  "preValidation",
  "preHandler",
  "onSend",
  "onSettled",
] as const;
const all = (name: string) => PHASES.map((phase) => `${phase} ${name}`);

async function ask(
  app: FastifyInstance,
  notes: string[],
  url: string,
): Promise<[string, string[]]> {
  notes.length = 0;
  const { body } = await app.inject(url);
  return [body, [...notes]];
}

describe.each(WAYS)("registered $way", ({ arrange }) => {
  it("every phase of a layer reaches what is not found, and wrong methods, by default and with a handler", async () => {
    for (const handler of [true, false]) {
      const notes: string[] = [];
      const app = await boot(
        arrange([
          (app) => app.register(probe("seen", "observe", notes, PHASES)),
          (app) => app.get("/", async () => "hello"),
          (app) =>
            handler && app.setNotFoundHandler((_request, reply) => reply.code(404).send("mine")),
        ]),
      );
      for (const [method, url] of [
        ["GET", "/nowhere"],
        ["POST", "/"],
        ["DELETE", "/"],
        ["OPTIONS", "/"],
        ["HEAD", "/nowhere"],
      ] as const) {
        notes.length = 0;
        const response = await app.inject({ method, url });
        expect(response.statusCode, `${method} ${url}`).toBe(404);
        expect(notes, `${method} ${url}`).toEqual(all("seen"));
      }
    }
  });

  it("a handler below a prefix answers with the layers of its scope", async () => {
    const notes: string[] = [];
    const app = await boot(
      arrange([
        (app) => app.register(probe("root", "observe", notes, ["onRequest"])),
        (app) =>
          app.register(
            async (child) => {
              child.register(probe("child", "identify", notes, ["onRequest"]));
              child.setNotFoundHandler((_request, reply) => reply.code(404).send("child"));
            },
            { prefix: "/api" },
          ),
        (app) => app.setNotFoundHandler((_request, reply) => reply.code(404).send("root")),
      ]),
    );
    expect(await ask(app, notes, "/api/nowhere")).toEqual([
      "child",
      ["onRequest child", "onRequest root"],
    ]);
    expect(await ask(app, notes, "/nowhere")).toEqual(["root", ["onRequest root"]]);
  });

  it("a handler that a child without a prefix sets answers for the whole app, with the child's layers", async () => {
    const notes: string[] = [];
    const app = await boot(
      arrange([
        (app) => app.register(probe("root", "observe", notes, ["onRequest", "onSend"])),
        (app) =>
          app.register(async (child) => {
            child.register(probe("child", "identify", notes, ["onRequest", "onSend"]));
            child.setNotFoundHandler((_request, reply) => reply.code(404).send("child"));
          }),
      ]),
    );
    expect(await ask(app, notes, "/nowhere")).toEqual([
      "child",
      ["onRequest child", "onRequest root", "onSend root", "onSend child"],
    ]);
  });
});

describe("reply.callNotFound()", () => {
  const handlers: Registration = (app) => {
    app.setNotFoundHandler((_request, reply) => reply.code(404).send("not here"));
    app.get("/asked", (_request, reply) => void reply.callNotFound());
    app.get("/object", { onSend: async () => {} }, (_request, reply) => void reply.callNotFound());
  };

  it("from a handler runs each phase of the layers once", async () => {
    const notes: string[] = [];
    const app = await boot([
      (app) => app.register(probe("outer", "observe", notes, PHASES)),
      (app) => app.register(probe("inner", "spend", notes, PHASES)),
      handlers,
    ]);
    for (const url of ["/asked", "/object"]) {
      expect(await ask(app, notes, url)).toEqual([
        "not here",
        [
          ...PHASES.slice(0, 4).flatMap((phase) => [`${phase} outer`, `${phase} inner`]),
          ...PHASES.slice(4).flatMap((phase) => [`${phase} inner`, `${phase} outer`]),
        ],
      ]);
    }
  });

  it("from a user's own hook lets in what has not come in yet, and no phase runs twice", async () => {
    for (const phase of ["onRequest", "preValidation", "preHandler"] as const) {
      const notes: string[] = [];
      const app = await boot([
        (app) =>
          app.register(
            probe("seen", "observe", notes, ["onRequest", "preHandler", "onSend", "onSettled"]),
          ),
        (app) => app.setNotFoundHandler((_request, reply) => reply.code(404).send("not here")),
        (app) =>
          app.get(
            "/",
            {
              [phase]: (_request: unknown, reply: { callNotFound(): void }) => reply.callNotFound(),
            },
            async () => "never",
          ),
      ]);
      expect(await ask(app, notes, "/"), phase).toEqual([
        "not here",
        ["onRequest seen", "preHandler seen", "onSend seen", "onSettled seen"],
      ]);
    }
  });

  const inward = ["onRequest", "preParsing", "preValidation", "preHandler"] as const;
  type Hiding = (reply: FastifyReply) => unknown;
  const hidings: Record<string, Hiding> = {
    "returning the reply": (reply) => reply.callNotFound(),
    "returning nothing": (reply) => void reply.callNotFound(),
    "later, returning the reply": async (reply) => {
      await null;
      reply.callNotFound();
      return reply;
    },
    "later, returning nothing": async (reply) => {
      await null;
      reply.callNotFound();
    },
  };
  const notFoundHandlers = {
    "at once": (_request: unknown, reply: FastifyReply) => reply.code(404).send("not here"),
    "in its own time": async (_request: unknown, reply: FastifyReply) => {
      await new Promise(setImmediate);
      return reply.code(404).send("not here");
    },
  };

  describe.each(inward)("from %s of a layer", (phase) => {
    it.each(
      Object.entries(hidings).flatMap(([how, hide]) =>
        Object.entries(notFoundHandlers).map(([when, answer]) => ({ how, hide, when, answer })),
      ),
    )(
      "$how, is its answer: no layer comes in any more, answered $when",
      async ({ hide, answer }) => {
        const notes: string[] = [];
        const hiding = (_request: unknown, reply: FastifyReply) => hide(reply);
        const app = await boot([
          (app) => app.register(probe("outer", "identify", notes, [...inward, "onSend"])),
          (app) => app.register(layer("hiding", "gate", { [phase]: hiding })),
          (app) => app.register(probe("inner", "spend", notes, [...inward, "onSend"])),
          (app) => app.addHook("preHandler", async () => void notes.push("preHandler user")),
          (app) =>
            app.setNotFoundHandler((request, reply) => {
              notes.push("handler");
              return answer(request, reply);
            }),
          (app) => app.get("/", async () => "never"),
        ]);
        const before = inward.slice(0, inward.indexOf(phase));
        expect(await ask(app, notes, "/")).toEqual([
          "not here",
          [
            ...before.flatMap((phase) => [`${phase} outer`, `${phase} inner`]),
            `${phase} outer`,
            "preHandler user",
            "handler",
            "onSend inner",
            "onSend outer",
          ],
        ]);
      },
    );
  });

  it("from an error handler is an answer, too", async () => {
    for (const phase of ["onRequest", "preParsing", "preValidation"] as const) {
      const notes: string[] = [];
      const app = await boot([
        (app) => app.register(probe("seen", "observe", notes, [phase, "preHandler", "onSend"])),
        (app) => app.addHook(phase, async () => Promise.reject(new Error("on purpose"))),
        (app) => app.setErrorHandler((_error, _request, reply) => reply.callNotFound()),
        (app) => app.setNotFoundHandler(notFoundHandlers["at once"]),
        (app) => app.get("/", async () => "never"),
      ]);
      expect(await ask(app, notes, "/"), phase).toEqual([
        "not here",
        [`${phase} seen`, "onSend seen"],
      ]);
    }
  });

  it("serializes what the handler gives, with the layers behind users' hooks", async () => {
    const notes: string[] = [];
    const app = await boot([
      (app) => app.register(probe("seen", "observe", notes, ["preSerialization", "onSend"])),
      (app) =>
        app.addHook("preSerialization", async () => void notes.push("preSerialization user")),
      (app) => app.addHook("onSend", async () => void notes.push("onSend user")),
      (app) => app.setNotFoundHandler((_request, reply) => reply.code(404).send({ not: "here" })),
      (app) =>
        app.get(
          "/",
          { preSerialization: async () => {} },
          (_request, reply) => void reply.callNotFound(),
        ),
    ]);
    for (const url of ["/", "/nowhere"]) {
      expect((await ask(app, notes, url))[1], url).toEqual([
        "preSerialization user",
        "preSerialization seen",
        "onSend user",
        "onSend seen",
      ]);
    }
  });
});
