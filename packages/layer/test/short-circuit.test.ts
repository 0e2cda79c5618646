import { AsyncLocalStorage } from "node:async_hooks";
import { setImmediate as immediate } from "node:timers/promises";
import type { FastifyInstance, FastifyReply } from "fastify";
import fastifyPlugin from "fastify-plugin";
import { describe, expect, it } from "vitest";
import { adopt, INBOUND_PHASES, type LayerHooks } from "../src/index.ts";
import { createApp, layer } from "./support.ts";

/** An app with a layer that answers in `hooks`, and notes of whatever runs further in. */
async function guarded(
  hooks: LayerHooks,
  app = createApp(),
): Promise<{ app: FastifyInstance; reached: string[] }> {
  const reached: string[] = [];
  await app.register(layer(hooks, "guard"));
  const notes = INBOUND_PHASES.map((phase) => [phase, () => void reached.push(phase)]);
  await app.register(layer(Object.fromEntries(notes), "inner"));
  app.get("/", async () => {
    reached.push("handler");
    return "inside";
  });
  return { app, reached };
}

type Refusal = (reply: FastifyReply) => unknown;

const refusals: [string, Refusal][] = [
  ["sends and returns the reply", (reply) => reply.code(401).send("no")],
  ["sends and returns nothing", (reply) => void reply.code(401).send("no")],
  ["sends and returns the reply, async", async (reply) => reply.code(401).send("no")],
  ["sends and returns nothing, async", async (reply) => void reply.code(401).send("no")],
  [
    "sends after a while and returns the reply",
    async (reply) => {
      await immediate();
      return reply.code(401).send("no");
    },
  ],
  [
    "sends after a while and returns nothing",
    async (reply) => {
      await immediate();
      reply.code(401).send("no");
    },
  ],
];

/** Ways to call the not-found handler, and to answer there. */
const losses: [string, Refusal, Refusal][] = (
  [
    ["returns reply.callNotFound()", (reply) => reply.callNotFound()],
    ["calls it and returns nothing", (reply) => void reply.callNotFound()],
    [
      "calls it after a while and returns nothing",
      async (reply) => {
        await immediate();
        reply.callNotFound();
      },
    ],
  ] as [string, Refusal][]
).flatMap(([how, lose]) => [
  [`${how}, answered at once`, lose, (reply) => reply.code(404).send("no")],
  [
    `${how}, answered after a while`,
    lose,
    async (reply) => {
      await immediate();
      return reply.code(404).send("no");
    },
  ],
]);

describe("nothing but the not-found handler runs when a layer", () => {
  it.each(losses)("%s", async (_how, lose, answer) => {
    for (const phase of INBOUND_PHASES) {
      const { app, reached } = await guarded({
        [phase]: (_request: unknown, reply: FastifyReply) => lose(reply),
      });
      app.setNotFoundHandler((_request, reply) => {
        reached.push("not found");
        return answer(reply);
      });
      expect((await app.inject("/")).body, phase).toBe("no");
      const before = INBOUND_PHASES.slice(0, INBOUND_PHASES.indexOf(phase));
      expect(reached, phase).toEqual([...before, "not found"]);
    }
  });
});

it("an error handler may call the not-found handler, and no layer comes in any more", async () => {
  const { app, reached } = await guarded({
    onRequest: async () => Promise.reject(new Error("on purpose")),
  });
  app.setErrorHandler((_error, _request, reply) => reply.callNotFound());
  app.setNotFoundHandler((_request, reply) => reply.code(404).send("no"));
  expect((await app.inject("/")).body).toBe("no");
  expect(reached).toEqual([]);
});

describe("nothing further in runs when a layer", () => {
  it.each(refusals)("%s", async (_how, refuse) => {
    const { app, reached } = await guarded({
      onRequest: (_request, reply) => refuse(reply) as Promise<FastifyReply>,
    });
    const response = await app.inject("/");
    expect([response.statusCode, response.body]).toEqual([401, "no"]);
    expect(reached).toEqual([]);
  });

  it.each(refusals)(
    "%s, while users' hooks take their time over the reply",
    async (_how, refuse) => {
      const { app, reached } = await guarded({
        onRequest: (_request, reply) => refuse(reply) as Promise<FastifyReply>,
      });
      app.addHook("preSerialization", async (_request, _reply, payload) => {
        await immediate();
        return payload;
      });
      app.addHook("onSend", async (_request, _reply, payload) => {
        await immediate();
        await immediate();
        return payload;
      });
      expect((await app.inject("/")).statusCode).toBe(401);
      expect(reached).toEqual([]);
    },
  );

  it.each(refusals)(
    "%s, while a user's hook that was there before the layer holds the reply up",
    async (_how, refuse) => {
      const unguarded = createApp();
      unguarded.addHook("onSend", async (_request, _reply, payload) => {
        await immediate();
        await immediate();
        return payload;
      });
      const { app, reached } = await guarded(
        { onRequest: (_request, reply) => refuse(reply) as Promise<FastifyReply> },
        unguarded,
      );
      expect((await app.inject("/")).statusCode).toBe(401);
      expect(reached).toEqual([]);
    },
  );

  it("sends an object, which users' hooks serialise at their own pace", async () => {
    const { app, reached } = await guarded({
      onRequest: (_request, reply) => void reply.code(401).send({ error: "no" }),
    });
    app.addHook("preSerialization", async (_request, _reply, payload) => {
      await immediate();
      return { ...(payload as object), seen: true };
    });
    expect((await app.inject("/")).json()).toEqual({ error: "no", seen: true });
    expect(reached).toEqual([]);
  });

  it.each(["onRequest", "preValidation", "preHandler"] as const)("answers in %s", async (phase) => {
    const { app, reached } = await guarded({
      [phase]: (_request: unknown, reply: FastifyReply) => void reply.code(401).send("no"),
    });
    expect((await app.inject("/")).statusCode).toBe(401);
    expect(reached).toEqual(INBOUND_PHASES.slice(0, INBOUND_PHASES.indexOf(phase)));
  });

  it("takes the response from Fastify", async () => {
    const { app, reached } = await guarded({
      onRequest(_request, reply) {
        reply.hijack();
        reply.raw.end("mine");
      },
    });
    expect((await app.inject("/")).body).toBe("mine");
    expect(reached).toEqual([]);
  });
});

describe("a hook that fails", () => {
  const teapot = Object.assign(new Error("refused"), { statusCode: 418 });
  const failures: [string, () => void | Promise<void>, number, string][] = [
    [
      "at once",
      () => {
        throw teapot;
      },
      418,
      "refused",
    ],
    ["later", () => Promise.reject(teapot), 418, "refused"],
    [
      "with nothing, at once",
      () => {
        throw undefined;
      },
      500,
      "A hook of the phase onRequest failed without an error; throw an Error instead.",
    ],
    [
      "with something falsy, at once",
      () => {
        throw "";
      },
      500,
      "A hook of the phase onRequest failed without an error; throw an Error instead.",
    ],
    [
      "with something falsy, later",
      () => Promise.reject(0),
      500,
      "A hook of the phase onRequest failed without an error; throw an Error instead.",
    ],
    [
      "with nothing, later",
      async () => {
        throw undefined;
      },
      500,
      "A hook of the phase onRequest failed without an error; throw an Error instead.",
    ],
  ];
  it.each(failures)(
    "%s keeps everything further in from running",
    async (_how, fail, status, why) => {
      const { app, reached } = await guarded({ onRequest: fail });
      const response = await app.inject("/");
      expect([response.statusCode, response.json().message]).toEqual([status, why]);
      expect(reached).toEqual([]);
    },
  );

  it("on the way out becomes the reply", async () => {
    let sends = 0;
    const { app } = await guarded({
      onSend() {
        sends += 1;
        if (sends === 1) throw teapot;
      },
    });
    expect((await app.inject("/")).statusCode).toBe(418);
    expect(sends).toBe(2);
  });
});

describe("a payload hook", () => {
  it("that returns nothing keeps the payload, sync and async", async () => {
    const { app } = await guarded({ onSend() {}, async preSerialization() {} });
    expect((await app.inject("/")).body).toBe("inside");
  });

  it("that returns another one replaces it for the next", async () => {
    const { app } = await guarded({ onSend: async (_q, _r, payload) => `[${payload}]` });
    await app.register(layer({ onSend: (_q, _r, payload) => `(${payload})` }, "last"));
    expect((await app.inject("/")).body).toBe("([inside])");
  });
});

it("a context that an adopted plugin opens around `done` holds for everything further in", async () => {
  const storage = new AsyncLocalStorage<string>();
  const app = createApp();
  const seen: (string | undefined)[] = [];
  const context = fastifyPlugin(async (instance) => {
    instance.addHook("onRequest", (request, _reply, done) => {
      storage.run(request.id, done);
    });
  });
  const look = () => void seen.push(storage.getStore());
  await app.register(adopt(context, { name: "context", place: "identify" }));
  await app.register(layer({ onRequest: look, onSend: look, onHeaders: look }));
  app.get("/", async () => {
    await immediate();
    look();
    return "hello";
  });
  await app.inject("/");
  expect(seen).toEqual(Array(4).fill("req-1"));
});
